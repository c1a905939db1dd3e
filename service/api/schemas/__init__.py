"""The form of what goes in and out, as pydantic models, a module a resource; the OpenAPI document is made of them."""
