"""The containers for real, without an image registry: `make rehearse`.

`__main__` prepares the machine and a world of its own for the rest, `images` makes the base images, `engine` runs
Docker and the relay, `page` reads the commands of operating.md, and `steps` follows them.
"""
