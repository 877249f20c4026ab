//! Lists and objects that are being made.

use super::{Bounded, Budget, DEPTH, Failed, RAW, reserve};
use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde_json::{Map, Value};

/// What both have: how much there is of them, and how much is in.
struct Open<'b> {
    budget: &'b mut Budget,
    floor: usize,
    depth: usize,
    size: Option<usize>,
    seen: usize,
    left_out: usize,
    variant: Option<String>,
}

impl<'b> Open<'b> {
    fn new(made: Bounded<'b>, size: Option<usize>, variant: Option<&str>) -> Open<'b> {
        let Bounded { budget, floor, depth } = made;
        Open { budget, floor, depth, size, seen: 0, left_out: 0, variant: variant.map(str::to_owned) }
    }

    /// Whether there is room for one more. When there is none and it is known how many there are, the rest is left out at once.
    fn admit(&mut self) -> Admitted {
        self.seen += 1;
        if self.depth < DEPTH && self.budget.values > self.floor {
            self.budget.values -= 1;
            return Admitted::Yes;
        }
        let Some(size) = self.size else {
            self.left_out += 1;
            return Admitted::No;
        };
        self.left_out += (size + 1).saturating_sub(self.seen).max(1);
        Admitted::NorAnyOther
    }

    /// The value in the variant that it is of.
    fn finish(&mut self, made: Value) -> Value {
        self.budget.left_out += self.left_out as u64;
        let made = if self.left_out > 0 && self.depth >= DEPTH { "[too deep]".into() } else { made };
        match self.variant.take() {
            Some(variant) => Value::Object(Map::from_iter([(variant, made)])),
            None => made,
        }
    }

    fn stop(&mut self, made: Value) -> Failed {
        self.budget.stopped = Some(made);
        Failed::custom("no room for more")
    }
}

enum Admitted {
    Yes,
    No,
    NorAnyOther,
}

pub(crate) struct List<'b> {
    open: Open<'b>,
    items: Vec<Value>,
}

impl<'b> List<'b> {
    pub(super) fn new(made: Bounded<'b>, size: Option<usize>, variant: Option<&str>) -> List<'b> {
        List { open: Open::new(made, size, variant), items: Vec::new() }
    }

    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        match self.open.admit() {
            Admitted::No => {}
            Admitted::Yes => {
                let item = self.open.budget.inside(value, self.open.floor, self.open.depth + 1)?;
                self.items.push(item);
            }
            Admitted::NorAnyOther => {
                let made = self.made();
                return Err(self.open.stop(made));
            }
        }
        Ok(())
    }

    fn made(&mut self) -> Value {
        let mut items = std::mem::take(&mut self.items);
        if self.open.left_out > 0 {
            items.push(format!("… [{} items left out]", self.open.left_out).into());
        }
        self.open.finish(Value::Array(items))
    }
}

pub(crate) struct Members<'b> {
    open: Open<'b>,
    members: Map<String, Value>,
    name: Option<String>,
}

impl<'b> Members<'b> {
    pub(super) fn new(made: Bounded<'b>, size: Option<usize>, variant: Option<&str>) -> Members<'b> {
        Members { open: Open::new(made, size, variant), members: Map::new(), name: None }
    }

    pub(super) fn add<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), Failed> {
        match self.open.admit() {
            Admitted::No => {}
            Admitted::Yes => {
                let Open { budget, floor, depth, size, seen, .. } = &mut self.open;
                let others = size.map_or(0, |size| size.saturating_sub(*seen));
                let floor = *floor + reserve(others, budget.values.saturating_sub(*floor));
                let value = budget.inside(value, floor, *depth + 1)?;
                self.members.insert(name, value);
            }
            Admitted::NorAnyOther => {
                let made = self.made();
                return Err(self.open.stop(made));
            }
        }
        Ok(())
    }

    fn made(&mut self) -> Value {
        let mut members = std::mem::take(&mut self.members);
        if let Some(raw) = members.get(RAW).and_then(Value::as_str).filter(|_| members.len() == 1) {
            let parsed = serde_json::from_str(raw).unwrap_or_else(|_| raw.into());
            return self.open.finish(parsed);
        }
        if self.open.left_out > 0 {
            members.insert("members_left_out".into(), self.open.left_out.into());
        }
        self.open.finish(Value::Object(members))
    }

    pub(super) fn done(mut self) -> Result<Value, Failed> {
        Ok(self.made())
    }
}

impl SerializeSeq for List<'_> {
    type Ok = Value;
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.add(value)
    }
    fn end(mut self) -> Result<Value, Failed> {
        Ok(self.made())
    }
}

impl SerializeTuple for List<'_> {
    type Ok = Value;
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.add(value)
    }
    fn end(mut self) -> Result<Value, Failed> {
        Ok(self.made())
    }
}

impl SerializeTupleStruct for List<'_> {
    type Ok = Value;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.add(value)
    }
    fn end(mut self) -> Result<Value, Failed> {
        Ok(self.made())
    }
}

impl SerializeTupleVariant for List<'_> {
    type Ok = Value;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.add(value)
    }
    fn end(mut self) -> Result<Value, Failed> {
        Ok(self.made())
    }
}

impl SerializeMap for Members<'_> {
    type Ok = Value;
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        let depth = self.open.depth + 1;
        self.name = Some(match self.open.budget.inside(key, 0, depth)? {
            Value::String(name) => name,
            Value::Number(number) => number.to_string(),
            Value::Bool(is) => is.to_string(),
            _ => return Err(Failed::custom("key must be a string")),
        });
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        let name = self.name.take().unwrap_or_default();
        self.add(name, value)
    }
    fn end(self) -> Result<Value, Failed> {
        self.done()
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = Value;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        self.add(name.to_owned(), value)
    }
    fn end(self) -> Result<Value, Failed> {
        self.done()
    }
}

impl SerializeStructVariant for Members<'_> {
    type Ok = Value;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        self.add(name.to_owned(), value)
    }
    fn end(self) -> Result<Value, Failed> {
        self.done()
    }
}
