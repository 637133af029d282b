"""The Docker Engine of the tests can do what a node of kind asks of one."""


def run(engine, image, script, **options):
    return engine.containers.run(image, ["sh", "-c", script], remove=True, **options).decode()


def capabilities(line):
    """The numbers of the capabilities in a line such as `CapEff: 00000000a80425fb`."""
    bits = int(line.split()[1], 16)
    return {number for number in range(bits.bit_length()) if bits >> number & 1}


def test_a_container_runs(docker_engine, shell_image):
    assert run(docker_engine, shell_image, "echo $((6 * 7))") == "42\n"


def test_a_privileged_container_may_mount(docker_engine, shell_image):
    script = "busybox mkdir /m && busybox mount -t tmpfs none /m && echo mounted"
    assert run(docker_engine, shell_image, script, privileged=True) == "mounted\n"


def test_a_privileged_command_runs_in_a_container_that_runs(docker_engine, shell_image):
    container = docker_engine.containers.run(shell_image, "busybox sleep 60", detach=True)
    try:
        _, plain = container.exec_run("busybox grep CapEff /proc/self/status")
        _, privileged = container.exec_run("busybox grep CapEff /proc/self/status", privileged=True)
        assert capabilities(plain) < capabilities(privileged)
    finally:
        container.remove(force=True)
