"""How gunicorn serves the app. Read from the folder it starts in."""

# pylint: disable=invalid-name
# The names are gunicorn's.

import os

from server import logging_config

# Every interface of the pod; a Service leads here.
bind = f":{os.environ.get('PORT', '5000')}"
# One process a pod, so that /metrics counts all of its requests; more pods carry more load.
workers = 1
threads = 8
# SIGTERM: no new connections, the requests under way may end. Less than the Deployment's
# terminationGracePeriodSeconds.
graceful_timeout = 25
# The heartbeat file must not wait for a slow disk, and the root file system is read-only.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # nosec B108
control_socket_disable = True
logconfig_dict = logging_config()
