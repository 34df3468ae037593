"""Jenkins: the lines for a Jenkinsfile, which is a program of its author's and is never written."""

from __future__ import annotations

from tolbooth.enforce.written_file import REPORT_FOLDER, TRANSCRIPT, GateJob

PATH = "Jenkinsfile"


def lines(job: GateJob) -> tuple[str, ...]:
    """A stage of a declarative pipeline that runs a gate and keeps what it recorded."""
    gate = " ".join(job.command(f"junit={REPORT_FOLDER}/junit.xml"))
    step = f"sh '''{job.install} && {gate}'''"
    run = f"dir('{job.folder}') {{ {step} }}" if job.folder else step
    kept = f"{job.below(REPORT_FOLDER)}/**,{job.below(TRANSCRIPT)}"
    return (
        "stage('Tolbooth') {",
        f"  steps {{ {run} }}",
        "  post { always {",
        f"    junit '{job.below(REPORT_FOLDER)}/junit.xml'",
        f"    archiveArtifacts artifacts: '{kept}', allowEmptyArchive: true",
        "  } }",
        "}",
    )
