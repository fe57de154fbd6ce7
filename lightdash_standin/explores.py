"""The explores of the demo: the dbt models of a coffee company, as the server compiles them."""

from __future__ import annotations

from collections.abc import Sequence

from lightdash_standin.state import Json

DATABASE, SCHEMA = "kettle", "marts"

# table: label, description, dimensions "name:type", metrics "name:type:dimension"
TABLES: dict[str, tuple[str, str, str, str]] = {
    "orders": (
        "Orders",
        "One row per order, from the shops and the web shop.",
        "order_id:string status:string channel:string "
        "payment_method:string ordered_at:timestamp ordered_date:date "
        "ordered_week:date ordered_month:date amount:number "
        "discount:number items:number is_first_order:boolean "
        "customer_id:string store_id:string",
        "order_count:count_distinct:order_id total_revenue:sum:amount average_order_value:average:amount "
        "total_discount:sum:discount items_sold:sum:items largest_order:max:amount smallest_order:min:amount "
        "median_order_value:median:amount customers_ordering:count_distinct:customer_id",
    ),
    "customers": (
        "Customers",
        "One row per customer who ever ordered or subscribed.",
        "customer_id:string first_name:string country:string city:string segment:string signed_up_date:date "
        "signed_up_month:date lifetime_value:number orders_placed:number is_subscriber:boolean",
        "customer_count:count_distinct:customer_id subscriber_count:count:is_subscriber "
        "average_lifetime_value:average:lifetime_value total_lifetime_value:sum:lifetime_value "
        "best_customer_value:max:lifetime_value average_orders_placed:average:orders_placed "
        "city_count:count_distinct:city country_count:count_distinct:country",
    ),
    "products": (
        "Products",
        "The range: beans, capsules, equipment, gift boxes.",
        "product_id:string product_name:string category:string origin:string roast_level:string price:number "
        "cost:number weight_grams:number launched_date:date is_seasonal:boolean",
        "product_count:count_distinct:product_id average_price:average:price highest_price:max:price "
        "lowest_price:min:price average_cost:average:cost total_weight:sum:weight_grams "
        "origin_count:count_distinct:origin seasonal_count:count:is_seasonal",
    ),
    "order_lines": (
        "Order lines",
        "One row per product in an order; joins orders and products.",
        "line_id:string order_id:string product_id:string "
        "quantity:number line_amount:number line_cost:number "
        "returned:boolean ground:string",
        "line_count:count_distinct:line_id units_sold:sum:quantity line_revenue:sum:line_amount "
        "line_costs:sum:line_cost average_quantity:average:quantity returned_lines:count:returned "
        "largest_line:max:line_amount products_sold:count_distinct:product_id",
    ),
    "subscriptions": (
        "Subscriptions",
        "Coffee by post: one row per subscription and state.",
        "subscription_id:string plan:string state:string "
        "started_date:date started_month:date ended_date:date "
        "monthly_price:number bags_per_month:number cancel_reason:string customer_id:string",
        "subscription_count:count_distinct:subscription_id monthly_recurring_revenue:sum:monthly_price "
        "average_price_per_month:average:monthly_price bags_shipped:sum:bags_per_month "
        "cancelled_count:count:ended_date plans_in_use:count_distinct:plan longest_price:max:monthly_price "
        "cheapest_price:min:monthly_price",
    ),
    "roasts": (
        "Roasts",
        "Every batch that left a roasting drum, with its scores.",
        "batch_id:string roastery:string roast_level:string "
        "origin:string roasted_date:date roasted_week:date "
        "green_kilos:number roasted_kilos:number cupping_score:number operator:string",
        "batch_count:count_distinct:batch_id "
        "green_kilos_used:sum:green_kilos roasted_kilos_made:sum:roasted_kilos "
        "average_cupping_score:average:cupping_score best_cupping_score:max:cupping_score "
        "worst_cupping_score:min:cupping_score "
        "operators:count_distinct:operator origins:count_distinct:origin",
    ),
    "stores": (
        "Shops",
        "Our shops, and the pop-ups of the summer.",
        "store_id:string store_name:string city:string country:string opened_date:date seats:number "
        "weekly_footfall:number has_roaster:boolean",
        "store_count:count_distinct:store_id total_seats:sum:seats average_footfall:average:weekly_footfall "
        "total_footfall:sum:weekly_footfall busiest_shop:max:weekly_footfall cities:count_distinct:city "
        "quietest_shop:min:weekly_footfall roasting_shops:count:has_roaster",
    ),
}
JOINS = {
    "orders": {"customers": "customer_id", "stores": "store_id"},
    "order_lines": {"orders": "order_id", "products": "product_id"},
    "subscriptions": {"customers": "customer_id"},
}


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _field(table: str, name: str, kind: str, index: int) -> Json:
    return {
        "name": name,
        "label": _label(name),
        "type": kind,
        "table": table,
        "tableLabel": TABLES[table][0],
        "index": index,
        "hidden": False,
        "groups": [],
        "tablesReferences": [table],
    }


def _dimension(table: str, name: str, kind: str, index: int) -> Json:
    return {
        **_field(table, name, kind, index),
        "sql": f"${{TABLE}}.{name}",
        "fieldType": "dimension",
        "compiledSql": f'"{table}".{name}',
        "isIntervalBase": False,
    }


def _metric(table: str, name: str, kind: str, base: str, index: int) -> Json:
    function = {"count_distinct": "COUNT(DISTINCT", "average": "AVG(", "median": "MEDIAN("}.get(
        kind, f"{kind.upper()}("
    )
    return {
        **_field(table, name, kind, index),
        "sql": f"${{TABLE}}.{base}",
        "description": f"{_label(kind)} of {_label(base)}",
        "filters": [],
        "fieldType": "metric",
        "compiledSql": f'{function} "{table}".{base})',
        "isAutoGenerated": False,
        "dimensionReference": f"{table}_{base}",
    }


def _table(name: str) -> Json:
    label, description, dimensions, metrics = TABLES[name]
    split_dimensions = [one.split(":") for one in dimensions.split()]
    split_metrics = [one.split(":") for one in metrics.split()]
    return {
        "name": name,
        "label": label,
        "schema": SCHEMA,
        "database": DATABASE,
        "sqlTable": f'"{DATABASE}"."{SCHEMA}"."{name}"',
        "description": description,
        "dimensions": {one[0]: _dimension(name, one[0], one[1], i) for i, one in enumerate(split_dimensions)},
        "metrics": {one[0]: _metric(name, one[0], one[1], one[2], i) for i, one in enumerate(split_metrics)},
        "lineageGraph": {},
        "groupDetails": {},
        "orderFieldsBy": "LABEL",
        "requiredFilters": [],
    }


def _join(table: str, other: str, key: str) -> Json:
    return {
        "table": other,
        "sqlOn": f"${{{table}.{key}}} = ${{{other}.{key}}}",
        "compiledSqlOn": f'("{table}".{key}) = ("{other}".{key})',
    }


def explore(name: str) -> Json:
    """One explore: its table and the tables that it joins."""
    joins = JOINS.get(name, {})
    return {
        "name": name,
        "label": TABLES[name][0],
        "tags": [],
        "baseTable": name,
        "joinedTables": [_join(name, other, key) for other, key in joins.items()],
        "tables": {table: _table(table) for table in (name, *joins)},
        "targetDatabase": "postgres",
        "ymlPath": f"models/marts/{name}.yml",
        "sqlPath": f"models/marts/{name}.sql",
    }


def all_explores(names: Sequence[str] = tuple(TABLES)) -> dict[str, Json]:
    """All explores by name."""
    return {name: explore(name) for name in names}
