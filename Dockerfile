# lightdash-sync with git, as a user without rights. Holds no token and no settings: see docs/recipes.md.
FROM python:3.12-slim-bookworm AS build
COPY pyproject.toml README.md LICENSE /src/
COPY lightdash_sync /src/lightdash_sync
COPY lightdash_standin /src/lightdash_standin
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir /src

FROM python:3.12-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/*
# By number too, so that Kubernetes can see that it is not root.
RUN groupadd --gid 10001 lightdash && useradd --uid 10001 --gid lightdash --create-home lightdash
COPY --from=build /venv /venv
ENV PATH="/venv/bin:$PATH"
USER 10001:10001
WORKDIR /backup
ENTRYPOINT ["lightdash-sync"]
CMD ["--help"]
