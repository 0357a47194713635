"""The doorbell of local mode: a folder of files instead of Redis."""

from pathlib import Path

from kombu.transport import filesystem


class Channel(filesystem.Channel):
    """Makes its folder anew where somebody has deleted it: worker and beat would die of that."""

    @property
    def data_folder_in(self) -> str:
        return _there(super().data_folder_in)

    @property
    def data_folder_out(self) -> str:
        return _there(super().data_folder_out)


class Transport(filesystem.Transport):
    Channel = Channel


def _there(folder: str) -> str:
    Path(folder).mkdir(exist_ok=True)
    return folder
