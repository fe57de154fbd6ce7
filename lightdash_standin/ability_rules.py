"""The permissions of each role: the rules in `GET /user`, in the server's order.

A rule has an action, a subject and a condition (`abilities` has the conditions). Each role has the rules of
the role before it, too.
"""

from __future__ import annotations

Rules = dict[str, tuple[str, ...]]

_CONTENT_OF_A_SPACE = (
    "manage Dashboard editor", "manage SavedChart editor", "manage SemanticViewer editor",
    "manage Dashboard admin", "manage SavedChart admin", "manage Space admin",
)  # fmt: skip
_SEEN = (
    "view Dashboard public", "view SavedChart public", "view Dashboard seen", "view SavedChart seen",
    "view Space public", "view Space seen", "view Project",
)  # fmt: skip
_EDITOR = (
    "create Space", "manage Job anywhere", "manage PinnedItems", "update Project",
    "manage ScheduledDeliveries", "manage DashboardComments", "manage SemanticViewer", "manage Tags",
)  # fmt: skip
_DEVELOPER = (
    "manage VirtualView", "manage CustomSql", "manage SqlRunner", "manage Validation",
    "promote SavedChart editor", "promote Dashboard editor", "manage CompileProject",
)  # fmt: skip

# 0.1372.1
OLD_ORGANISATION: Rules = {
    "member": ("view OrganizationMemberProfile", "view CsvJobResult authored", "view PinnedItems"),
    "viewer": (
        *_SEEN, "view Organization", "manage ExportCsv", "view DashboardComments", "view Tags",
    ),
    "interactive_viewer": (
        "create Job anywhere", "view Job own", "view UnderlyingData", "view SemanticViewer",
        "manage ChangeCsvResults", "manage Explore", "create ScheduledDeliveries",
        "create DashboardComments", *_CONTENT_OF_A_SPACE,
    ),
    "editor": _EDITOR,
    "developer": (*_DEVELOPER, "create Project preview", "delete Project preview"),
    "admin": (
        "manage Dashboard", "manage Space", "manage SavedChart", "create Project any-type", "delete Project",
        "manage Project", "manage InviteLink", "manage Organization", "view Analytics",
        "manage OrganizationMemberProfile", "manage PinnedItems", "manage Group",
    ),
}  # fmt: skip
OLD_PROJECT: Rules = {
    "viewer": (*_SEEN, "view PinnedItems", "manage ExportCsv", "view DashboardComments", "view Tags"),
    "interactive_viewer": (
        "view UnderlyingData", "view SemanticViewer", "manage Explore", "manage ChangeCsvResults",
        "create ScheduledDeliveries", "create DashboardComments", *_CONTENT_OF_A_SPACE,
    ),
    "editor": _EDITOR,
    "developer": (*_DEVELOPER, "delete Project own-preview", "create Project preview-of"),
    "admin": (
        "delete Project", "manage Project", "manage Space", "manage Dashboard", "manage SavedChart",
    ),
}  # fmt: skip

# 0.2904.5
_APPS_SEEN = ("view DataApp public", "view DataApp seen")
_APPS = (
    "manage DataApp editor", "manage DataApp admin", "create DataApp", "view DataApp authored",
    "manage DataApp authored",
)  # fmt: skip
_DEVELOPS = (
    "manage PreAggregation", "manage VirtualView", "manage CustomSql", "manage CustomFields",
    "manage SqlRunner", "manage Validation", "view SourceCode",
)  # fmt: skip
ORGANISATION: Rules = {
    "member": ("view OrganizationMemberProfile", "view JobStatus authored", "view PinnedItems"),
    "viewer": (
        *_SEEN[:-1], *_APPS_SEEN, "view Project", "view Organization", "manage ExportCsv",
        "view DashboardComments", "view Tags", "view MetricsTree", "view SpotlightTableConfig",
        "view AiAgentThread mine",
    ),
    "interactive_viewer": (
        "create Job anywhere", "view Job own", "view UnderlyingData", "view SemanticViewer",
        "manage ChangeCsvResults", "manage Explore", "create ScheduledDeliveries",
        "manage ScheduledDeliveries mine", "manage GoogleSheets", "create DashboardComments",
        "manage Dashboard editor", "manage SavedChart editor", "manage SemanticViewer editor",
        "manage Dashboard admin", "manage SavedChart admin", *_APPS, "manage Space admin", "view AiAgent",
        "create AiAgentThread",
    ),
    "editor": (
        "manage Space public", "create Space", "manage Job anywhere", "manage PinnedItems",
        "manage DashboardComments", "manage SemanticViewer", "manage Tags", "manage MetricsTree",
        "view OrganizationWarehouseCredentials",
    ),
    "developer": (
        *_DEVELOPS, "manage SourceCode", "promote SavedChart editor", "promote Dashboard editor",
        "manage CompileProject", "create Project preview", "update Project",
        "manage DeployProject preview-mine", "delete Project preview", "manage SpotlightTableConfig",
        "manage ContentAsCode", "view JobStatus", "manage AiAgent", "manage AiAgentThread mine",
    ),
    "admin": (
        "manage DataApp", "manage ContentVerification", "manage Dashboard", "manage Space",
        "manage SavedChart", "create Project any-type", "delete Project", "manage Project",
        "manage InviteLink", "manage Organization", "view Analytics", "manage OrganizationMemberProfile",
        "manage PinnedItems", "manage Group", "manage OrganizationWarehouseCredentials",
        "view AiAgentThread", "manage AiAgentThread", "manage ScheduledDeliveries",
        "manage DeletedContent", "manage GitIntegration", "manage DeployProject",
        "impersonate User active",
    ),
}  # fmt: skip
PROJECT: Rules = {
    "viewer": (
        "view Dashboard public", "view JobStatus authored", "view SavedChart public", "view Dashboard seen",
        "view SavedChart seen", "view Space public", "view Space seen", "view Project", "view PinnedItems",
        "manage ExportCsv", "view DashboardComments", "view Tags", "view MetricsTree",
        "view SpotlightTableConfig", "view AiAgentThread mine", *_APPS_SEEN,
    ),
    "interactive_viewer": (
        "view UnderlyingData", "view SemanticViewer", "manage Explore", "manage ChangeCsvResults",
        "create ScheduledDeliveries", "manage ScheduledDeliveries mine", "manage GoogleSheets",
        "create DashboardComments", "manage Dashboard editor", "manage SavedChart editor",
        "manage Dashboard admin", "manage SavedChart admin", *_APPS, "manage Space admin", "view AiAgent",
        "create AiAgentThread",
    ),
    "editor": (
        "create Space", "manage Space public", "manage Job anywhere", "manage PinnedItems",
        "manage DashboardComments", "manage Tags", "manage MetricsTree", "manage AiAgentThread mine",
    ),
    "developer": (
        *_DEVELOPS, "manage SourceCode unprotected", "manage CompileProject",
        "manage DeployProject", "manage DeployProject preview-mine",
        "delete Project own-preview", "create Project preview-of", "update Project",
        "update Project preview-mine", "manage SpotlightTableConfig", "manage ContentAsCode",
        "view JobStatus", "manage AiAgent",
    ),
    "admin": (
        "manage DataApp", "manage ContentVerification", "delete Project", "view Analytics", "manage Project",
        "manage Space", "manage Dashboard", "manage SavedChart", "view AiAgentThread",
        "manage AiAgentThread", "manage ScheduledDeliveries", "manage DeletedContent",
    ),
}  # fmt: skip

# 1.219.0
_SPACES_EDITED = (
    "manage Dashboard editor", "manage SavedChart editor", "manage Dashboard admin",
    "manage SavedChart admin",
)  # fmt: skip
_CURRENT_APPS = (
    "manage DataApp editor", "manage DataApp admin", "view DataApp public", "view DataApp seen",
    "view DataApp authored", "manage DataApp authored", "view ExternalConnection linkable",
    "manage Space admin",
)  # fmt: skip
_WRITES_CODE = ("view ContentAsCode", "create ContentAsCode")
_CURRENT_DEVELOPS = (
    "manage PreAggregation", "manage VirtualView", "manage CustomSql", "manage CustomFields",
    "view CompiledSql", "manage CustomSqlTableCalculations", "manage SqlRunner", "manage Validation",
    "view SourceCode",
)  # fmt: skip
_CURRENT_PREVIEWS = (
    "manage SpotlightTableConfig", "manage ContentAsCode", "manage ContentAsCode preview-mine",
    "create DataApp in-my-preview", "manage DataApp in-my-preview", "view JobStatus", "manage AiAgent",
)  # fmt: skip
CURRENT_ORGANISATION: Rules = {
    "member": ORGANISATION["member"],
    "viewer": (
        *_SEEN[:-1], "view OrganizationDesign", "view Project", "view Organization", "manage ExportCsv",
        "view DashboardComments", "view Tags", "view MetricsTree", "view SpotlightTableConfig",
        "view AiAgentThread mine",
    ),
    "interactive_viewer": (
        "create Job anywhere", "view Job own", "view UnderlyingData", "view SemanticViewer",
        "manage ChangeCsvResults", "manage Explore", "create ScheduledDeliveries",
        "manage ScheduledDeliveries mine", "manage GoogleSheets", "create DashboardComments",
        *_SPACES_EDITED[:2], "manage SemanticViewer editor", *_SPACES_EDITED[2:], *_CURRENT_APPS,
        "view AiAgent", "view OrganizationAiAgent", "view AiAgentDocument", "create AiAgentThread",
        "view ContentVerification",
    ),
    "editor": (
        "create DataApp", "manage Space public", "create Space", "manage Job anywhere",
        "manage PinnedItems", "manage DashboardComments", "manage SemanticViewer", "manage Tags",
        "manage MetricsTree", "view OrganizationWarehouseCredentials", *_WRITES_CODE,
    ),
    "developer": (
        *_CURRENT_DEVELOPS, "manage SourceCode", "promote SavedChart editor", "promote SavedChart admin",
        "promote Dashboard editor", "promote Dashboard admin", "manage CompileProject",
        "create Project preview", "update Project", "manage DeployProject preview-mine",
        "delete Project preview", *_CURRENT_PREVIEWS, "manage OrganizationAiAgent",
        "manage AiAgentDocument", "manage AiAgentThread mine", "manage ContentVerification",
        "create AiDeepResearch",
    ),
    "admin": (
        "view Roadmap", "manage DataApp", "manage DataAppDependency", "manage ExternalConnection",
        "manage OrganizationDesign", "manage Dashboard", "manage Space", "manage SavedChart",
        "create Project any-type", "delete Project", "manage Project", "manage InviteLink",
        "manage Organization", "manage OrganizationColorPalette", "view Analytics",
        "manage OrganizationMemberProfile", "manage ProjectHomepage", "manage Group",
        "manage OrganizationWarehouseCredentials", "view AiAgentThread", "manage AiAgentThread",
        "manage ScheduledDeliveries", "manage DeletedContent", "manage GitIntegration",
        "manage DeployProject", "impersonate User active",
    ),
}  # fmt: skip
CURRENT_PROJECT: Rules = {
    "viewer": PROJECT["viewer"][: -len(_APPS_SEEN)],
    "interactive_viewer": (
        "view UnderlyingData", "view SemanticViewer", "manage Explore", "manage ChangeCsvResults",
        "create ScheduledDeliveries", "manage ScheduledDeliveries mine", "manage GoogleSheets",
        "create DashboardComments", *_SPACES_EDITED, *_CURRENT_APPS, "view AiAgent",
        "view AiAgentDocument", "create AiAgentThread", "view ContentVerification",
    ),
    "editor": (
        "create DataApp", "create Space", "manage Space public", "manage Job anywhere",
        "manage PinnedItems", "manage DashboardComments", "manage Tags", "manage MetricsTree",
        "manage AiAgentThread mine", *_WRITES_CODE,
    ),
    "developer": (
        *_CURRENT_DEVELOPS, "manage SourceCode unprotected", "manage CompileProject",
        "manage DeployProject", "manage DeployProject preview-mine", "delete Project own-preview",
        "create Project preview-of", "update Project", "update Project preview-mine", *_CURRENT_PREVIEWS,
        "manage AiAgentDocument", "manage ContentVerification", "create AiDeepResearch",
    ),
    "admin": (
        "manage DataApp", "manage DataAppDependency", "manage ExternalConnection", "delete Project",
        "view Analytics", "manage Project", "manage Space", "manage Dashboard", "manage SavedChart",
        "view AiAgentThread", "manage AiAgentThread", "manage ScheduledDeliveries",
        "manage DeletedContent", "manage ProjectHomepage",
    ),
}  # fmt: skip
