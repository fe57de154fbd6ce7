"""The charts of the demo, as data: every kind of chart, and everything that makes charts hard to copy."""

from __future__ import annotations

from lightdash_standin.recipes import big_number, calculation, cartesian, chart, pie, query, rule, table
from lightdash_standin.state import Json

UGLY_NAMES = (
    "☕",
    "☕",
    "../../etc/passwd",
    "con",
    "Trailing dots...",
    "Trailing space ",
    "Red \x1b[31malert\x1b[0m \u202edesrever",
    "Café orders",
    "Cafe\u0301 orders",
    "L" + "o" * 198 + "ng",
    "[/bold] not markup",
)


def sales_charts() -> list[Json]:
    """Charts of the space "Sales"."""
    week = query("orders", "ordered_week", "total_revenue order_count")
    running = calculation(
        "running_total", "Running total",
        "sum(${orders.total_revenue}) over (order by ${orders.ordered_week})",
        type="currency", currency="EUR", round=0, separator="commaPeriod",
    )  # fmt: skip
    weekly = query("orders", "ordered_week", "total_revenue", tableCalculations=[running])
    channel = query("orders", "ordered_month channel", "total_revenue")
    recent = {
        "dimensions": {
            "id": "g-recent",
            "and": [
                rule("r-when", "orders_ordered_date", "inThePast", 12, unitOfTime="weeks", completed=True),
                {
                    "id": "g-which",
                    "or": [
                        rule("r-web", "orders_channel", "equals", "web"),
                        {"id": "g-shop", "and": [
                            rule("r-shop", "orders_channel", "equals", "shop"),
                            rule("r-size", "orders_amount", "greaterThan", 20),
                        ]},
                    ],
                },
            ],
        },
        "metrics": {"id": "g-big", "and": [rule("r-big", "orders_total_revenue", "greaterThan", 1000)]},
    }  # fmt: skip
    nested = query("orders", "ordered_week channel", "total_revenue average_order_value", filters=recent)
    payment = query("orders", "payment_method", "order_count")
    shops = query("orders", "stores.store_name", "order_count")
    return [
        chart("Weekly revenue", weekly, cartesian(weekly, "bar line"), "Per week, and a running total."),
        chart("Revenue and orders", week, cartesian(week, "bar line"), "Bars for euros, a line for orders."),
        chart("Revenue by channel", channel, cartesian(channel, "area", pivot="orders_channel"),
              pivot="orders_channel"),
        chart("Busy weeks on the web", nested, cartesian(nested, "line line"), "Web, or large shop orders."),
        chart("How people pay", payment, pie("orders_payment_method", "orders_order_count", donut=True)),
        chart("Revenue to date", query("orders", "", "total_revenue"),
              big_number("orders_total_revenue", "Revenue", style="M")),
        chart("Orders by shop", shops, cartesian(shops, "bar", flip=True), ""),
    ]  # fmt: skip


def customer_charts() -> list[Json]:
    """Charts of the space "Customers"."""
    bins = [
        {"id": "value_band", "name": "Value band", "type": "bin", "dimensionId": "customers_lifetime_value",
         "table": "customers", "binType": "custom_range",
         "customRange": [{"to": 50}, {"from": 50, "to": 250}, {"from": 250}]},
        {"id": "is_nordic", "name": "Is Nordic", "type": "sql", "table": "customers",
         "dimensionType": "boolean", "sql": "${customers.country} in ('SE', 'NO', 'DK', 'FI')"},
    ]  # fmt: skip
    loyal = [
        {"table": "customers", "name": "p90_value", "label": "90th percentile of value", "type": "percentile",
         "percentile": 90, "sql": "${TABLE}.lifetime_value", "baseDimensionName": "lifetime_value",
         "formatOptions": {"type": "currency", "currency": "EUR", "round": 0}},
        {"table": "customers", "name": "subscribers_only", "label": "Subscribers", "type": "count_distinct",
         "sql": "${TABLE}.customer_id", "baseDimensionName": "customer_id",
         "filters": [rule("m-1", "customers.is_subscriber", "equals", True)]},
    ]  # fmt: skip
    band = query("customers", "value_band is_nordic", "customer_count", customDimensions=bins)
    band["dimensions"] = ["value_band", "is_nordic"]
    value = query("customers", "segment", "customer_count average_lifetime_value", additionalMetrics=loyal)
    value["metrics"] += ["customers_p90_value", "customers_subscribers_only"]
    spread = query("customers", "lifetime_value segment", "average_orders_placed")
    months = query("customers", "signed_up_month", "customer_count")
    formatted = table({"customers_segment": {"name": "Who", "frozen": True}}, conditionalFormattings=[
        {"target": {"fieldId": "customers_customer_count"}, "color": "#d7301f",
         "rules": [{"id": "cf-1", "operator": "lessThan", "values": [10]}]}])  # fmt: skip
    return [
        chart(
            "Customers by value band",
            band,
            cartesian(band, "bar"),
            "Custom ranges, and a custom SQL dimension.",
        ),
        chart("Value per segment", value, formatted, "Two custom metrics and conditional formatting."),
        chart("Loyalty scatter", spread, cartesian(spread, "scatter")),
        chart("New customers per month", months, cartesian(months, "line")),
        chart(
            "Customers",
            query("customers", "", "customer_count"),
            big_number("customers_customer_count", "Customers"),
        ),
    ]


def roastery_charts() -> list[Json]:
    """Charts of the private space "Roastery floor"."""
    score = query("roasts", "origin", "average_cupping_score best_cupping_score")
    kilos = query("roasts", "roasted_week roast_level", "green_kilos_used roasted_kilos_made")
    vega = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "mark": {"type": "rect", "tooltip": True},
        "encoding": {
            "x": {"field": "roasts_origin", "type": "nominal"},
            "y": {"field": "roasts_roast_level", "type": "nominal"},
            "color": {"field": "roasts_average_cupping_score", "aggregate": "mean"},
        },
    }
    heat = query("roasts", "origin roast_level", "average_cupping_score")
    return [
        chart("Cupping scores by origin", score, cartesian(score, "bar scatter"), "Best and average score."),
        chart("Kilos in, kilos out", kilos, cartesian(kilos, "area area", pivot="roasts_roast_level"),
              pivot="roasts_roast_level"),
        chart("Score heat map", heat, {"type": "custom", "config": {"spec": vega}}, "A custom Vega chart."),
    ]  # fmt: skip


def finance_charts() -> list[Json]:
    """Charts of the private space "Board & finance"."""
    margin = query("order_lines", "products.category", "line_revenue line_costs", tableCalculations=[
        calculation("margin", "Margin", "1 - ${order_lines.line_costs} / ${order_lines.line_revenue}",
                    type="percent", round=1),
        calculation("rank", "Rank", "rank() over (order by ${order_lines.line_revenue} desc)"),
    ])  # fmt: skip
    plans = query("subscriptions", "started_month plan", "monthly_recurring_revenue")
    return [
        chart("Margin by category", margin, table(), "The board looks at this one."),
        chart("Recurring revenue", plans, cartesian(plans, "area", pivot="subscriptions_plan"),
              pivot="subscriptions_plan"),
    ]  # fmt: skip


def subscription_funnel(name: str) -> Json:
    """A funnel of subscription states."""
    sent = query("subscriptions", "state", "subscription_count")
    config = {
        "dataInput": "row",
        "fieldId": "subscriptions_subscription_count",
        "labels": {"position": "inside"},
    }
    return chart(name, sent, {"type": "funnel", "config": config}, "From trial to regular.")


def simple_chart(
    name: str, explore: str = "orders", dimension: str = "status", metric: str = "order_count"
) -> Json:
    """A plain bar chart."""
    sent = query(explore, dimension, metric)
    return chart(name, sent, cartesian(sent, "bar"))


def sql_charts() -> list[Json]:
    """SQL charts, without their space."""
    shops = (
        "select s.store_name, count(*) as orders\nfrom marts.orders o\njoin marts.stores s using (store_id)"
    )
    shops += "\ngroup by 1"
    column = {"visible": True, "frozen": False, "order": 0}
    return [
        {"name": "Orders per shop (SQL)", "description": "Straight from the warehouse.", "sql": shops,
         "limit": 200, "config": {"metadata": {"version": 1}, "type": "vertical_bar",
                    "fieldConfig": {"x": {"reference": "store_name", "type": "category"},
                                    "y": [{"reference": "orders", "aggregation": "sum"}], "groupBy": []},
                    "display": {"yAxis": [{"label": "Orders"}]}}},
        {"name": "Weekly revenue", "description": None, "sql": "select 1 as revenue", "limit": 1,
         "config": {"metadata": {"version": 1}, "type": "table", "display": {},
                    "columns": {"revenue": {**column, "reference": "revenue", "label": "Revenue"}}}},
    ]  # fmt: skip
