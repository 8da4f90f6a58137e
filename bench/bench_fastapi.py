"""The application that bench/run measures beside bench.c: the same four operations, natural FastAPI."""
from datetime import datetime
from enum import Enum
from typing import Annotated

from fastapi import FastAPI, Path, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, EmailStr, Field

app = FastAPI(title="Bench")


@app.get("/plaintext", response_class=PlainTextResponse)
async def plaintext():
    return "Hello, World!"


@app.get("/json")
async def json():
    return {"message": "Hello, World!"}


@app.get("/items/{item_id}")
async def read_item(item_id: Annotated[int, Path(ge=1)], q: Annotated[str | None, Query(max_length=50)] = None,
                    limit: Annotated[int, Query(ge=1, le=100)] = 10):
    return {"item_id": item_id, "q": q, "limit": limit}


class Priority(str, Enum):
    low = "low"
    normal = "normal"
    high = "high"


class Address(BaseModel):
    street: str = Field(min_length=1, max_length=100)
    city: str
    zip_code: str = Field(pattern="^[0-9]{5}$")
    country: str = Field(max_length=2)


class Customer(BaseModel):
    name: str = Field(min_length=1)
    email: EmailStr
    address: Address
    billing_address: Address | None = None


class Product(BaseModel):
    sku: str = Field(min_length=3, max_length=20)
    name: str
    price: float = Field(gt=0)
    tags: list[str] = []
    description: str | None = None


class Line(BaseModel):
    product: Product
    quantity: int = Field(ge=1, le=1000)
    discount: float = Field(default=0, ge=0, le=1)


class Order(BaseModel):
    id: int
    customer: Customer
    lines: list[Line] = Field(min_length=1)
    priority: Priority = Priority.normal
    note: str | None = Field(default=None, max_length=500)
    labels: dict[str, str] = {}
    created_at: datetime


class Summary(BaseModel):
    id: int
    customer: str
    line_count: int
    total: float
    priority: Priority


@app.post("/orders", status_code=201)
async def create_order(order: Order) -> Summary:
    total = sum(line.product.price * line.quantity * (1 - line.discount) for line in order.lines)
    return Summary(id=order.id, customer=order.customer.name, line_count=len(order.lines), total=total, priority=order.priority)
