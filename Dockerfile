# JupyterLab with the labs; see docs/environments.md
FROM python:3.12-slim

RUN useradd --create-home --uid 1000 student
COPY . /opt/dlcourse
RUN pip install --no-cache-dir "/opt/dlcourse[notebook,grading]"

USER student
WORKDIR /home/student
EXPOSE 8888
CMD ["sh", "-c", "dlcourse start work --no-open && exec jupyter lab --ip=0.0.0.0 --port=8888 --no-browser work"]
