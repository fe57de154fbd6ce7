"""Background jobs. The stand-in does the work at once, so that a job is finished when it is first requested.

There are two kinds, as on the server: jobs of a project, such as compiling, with a uuid, and scheduler jobs,
such as validation or a delivery, with a number.
"""

from __future__ import annotations

from lightdash_standin.calls import Call, Route
from lightdash_standin.refusals import not_found
from lightdash_standin.state import Json, World

STEP_LABELS = {
    "TESTING_ADAPTOR": "Testing adaptor",
    "COMPILING": "Compiling",
    "CREATING_PROJECT": "Creating project",
}


def finished_job(
    world: World,
    kind: str,
    person_uuid: str,
    project_uuid: str | None,
    steps: list[str],
    results: Json | None,
) -> str:
    """Record a finished project job, and return its uuid."""
    uuid, moment = world.new_uuid(), world.clock.now()
    times = {"createdAt": moment, "updatedAt": moment}
    world.jobs[uuid] = {
        **times,
        "projectUuid": project_uuid,
        "userUuid": person_uuid,
        "jobUuid": uuid,
        "jobStatus": "DONE",
        "steps": [
            {
                "jobUuid": uuid,
                **times,
                "stepStatus": "DONE",
                "stepType": step,
                "stepError": None,
                "stepLabel": STEP_LABELS[step],
                "startedAt": moment,
                "stepDbtLogs": None,
            }
            for step in steps
        ],
        "jobType": kind,
        "jobResults": results,
    }
    return uuid


def start_scheduler_job(world: World, details: Json | None) -> int:
    """Record a completed scheduler job, and return its number."""
    number = len(world.scheduler_jobs) + 1
    world.scheduler_jobs[str(number)] = {"status": "completed", "details": details}
    return number


def get_job(call: Call) -> Json:
    """`GET /jobs/{j}`."""
    job = call.world.jobs.get(call.params["j"])
    if job is None:
        raise not_found(f"job with jobUuid {call.params['j']} does not exist")
    return job


def get_scheduler_job(call: Call) -> Json:
    """`GET /schedulers/job/{job}/status`."""
    job = call.world.scheduler_jobs.get(call.params["job"])
    if job is None:
        raise not_found("Job not found")
    return job


ROUTES = (
    Route("GET", "/api/v1/jobs/{j}", get_job),
    Route("GET", "/api/v1/schedulers/job/{job}/status", get_scheduler_job),
)
