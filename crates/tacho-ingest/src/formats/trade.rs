//! `trade.json`: the execution of an order. A trade needs no more than order, price, time and gas.
//!
//! Prices and quantities are kept as decimal text, never as binary fractions. The order joins the states of one
//! trade (`call`). Recognised by `order_id` beside a price or gas.

use super::parts::columns;
use crate::fields::{Fields, Refused};
use crate::lift::{Lift, lift};
use crate::read::Unit;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::INTEGER_MAX;
use tacho_event::words::{ActionType, Outcome};

pub(super) fn decode<'a>(fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event { action_type: Some(ActionType::Trade), ..Event::default() };
    lift(fields, table, &mut event)?;
    event.action_name.get_or_insert("trade_execution".into());
    if let (None, Some(order)) = (&event.call, event.facts.text(TextFact::OrderId)) {
        event.call = Some(order.to_string().into());
    }
    // An execution price says that it was executed, when no status says otherwise.
    let silent = event.facts.text(TextFact::Status).is_none() && event.error.is_none();
    if silent && event.facts.text(TextFact::Price).is_some() {
        event.outcome.get_or_insert(Outcome::Success);
    }
    if let Some(slippage) = slippage_ppm(&event) {
        event.facts.set_int(IntFact::SlippagePpm, slippage);
    }
    each(event);
    Ok(())
}

fn table(name: &str) -> Option<Lift> {
    Some(match name {
        "order_id" | "orderId" => Lift::Text(TextFact::OrderId),
        "execution_price" | "price" => Lift::Text(TextFact::Price),
        "expected_price" => Lift::Text(TextFact::ExpectedPrice),
        "gas_used" | "gas" => Lift::Int(IntFact::GasUsed, Unit::Count),
        "gas_price" => Lift::Text(TextFact::GasPrice),
        "side" => Lift::Text(TextFact::Side),
        "quantity" | "amount" => Lift::Text(TextFact::Quantity),
        "symbol" | "pair" => Lift::Text(TextFact::Symbol),
        "slippage" => Lift::Int(IntFact::SlippagePpm, Unit::Share),
        _ => return columns(name),
    })
}

fn slippage_ppm(event: &Event<'_>) -> Option<i64> {
    let number = |fact| event.facts.text(fact)?.parse::<f64>().ok();
    let (price, expected) = (number(TextFact::Price)?, number(TextFact::ExpectedPrice)?);
    let share = ((price - expected) / expected * 1e6).round();
    (share.is_finite() && share.abs() <= INTEGER_MAX as f64).then_some(share as i64)
}
