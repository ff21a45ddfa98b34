"""A bucket as the remote: the same story against an S3 server on this machine."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.graph


@pytest.fixture
def bucket():
    """Return the address of an S3 server that holds an empty bucket."""
    pytest.importorskip("dvc_s3", reason="dvc-s3 is not installed")
    server = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    boto3 = pytest.importorskip("boto3")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    address = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys).create_bucket(
        Bucket="team"
    )
    yield address
    running.stop()


def test_a_bucket(team, story, bucket):
    keys = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    story.tell(team(keys), "s3://team/multispec", f"endpointurl {bucket}")
