# ti for the CPU: docker build -t ti . (to name the version: --build-arg VERSION=1.2.3)
# docker run --rm -v ti-cache:/cache -v "$PWD:/work" --user "$(id -u):$(id -g)" ti train --model demo --images samples/my-cat ...
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG VERSION=
WORKDIR /source
COPY . .
RUN MinVerVersionOverride=$VERSION scripts/publish linux-x64 && mv artifacts/ti-*-linux-x64 /ti && chmod -R a+rX,go-w /ti && chmod a+x /ti/ti

FROM debian:13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3t64 libstdc++6 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /ti /opt/ti
RUN ln -s /opt/ti/ti /usr/local/bin/ti && install -d -m 1777 /cache /work
# Models of the Hugging Face hub, and what ti keeps for itself.
ENV HF_HOME=/cache/huggingface XDG_CACHE_HOME=/cache HOME=/cache
VOLUME ["/cache", "/work"]
WORKDIR /work
USER 1000:1000
ENTRYPOINT ["ti"]
CMD ["--help"]
