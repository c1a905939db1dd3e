"""The form of data sets."""

from __future__ import annotations

from typing import Any, Literal

from apiflask.fields import UploadFile
from pydantic import ConfigDict, Field

from service.api.schemas.base import Answer, Body


class Dataset(Answer):
    id: str
    kind: Literal["known", "uploaded"]
    title: str
    summary: str
    available: bool = Field(description="False: it is downloaded when a training first needs it.")
    count: int | None = Field(description="Images or sequences.")
    length: int | None = Field(description="Steps of a sequence; null for images.")
    height: int | None = Field(description="null: they differ, or there are none.")
    width: int | None
    channels: int | None
    class_names: list[str] | None
    created_at: str | None
    size: int | None = Field(description="Bytes that were uploaded.")
    use: dict[str, Any] = Field(description="The `data` module of a spec that trains on it.")
    links: dict[str, str]


class DatasetList(Answer):
    datasets: list[Dataset]


class DatasetUpload(Body):
    """`file`: `.npz`, `.npy`, or `.zip` of images (one folder a class gives labels)."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile
    name: str | None = Field(None, min_length=1, max_length=200, description="By default the file's.")


class PreviewQuery(Body):
    image_size: int | None = Field(
        None, ge=4, le=128, description="Height and width of each image; by default its own."
    )
    count: int = Field(64, ge=1, le=400, description="Images in the grid.")
    columns: int = Field(8, ge=1, le=40)
    seed: int = Field(0, ge=0, lt=2**31, description="Which images.")
    per_class: bool = Field(False, description="One row for each class.")
