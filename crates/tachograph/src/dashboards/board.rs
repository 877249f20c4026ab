//! A dashboard's file, in the shape of Perses: panels with queries, variables, a grid of 24 columns. The web interface reads the
//! same files; what it refuses by line is refused here by name.

use std::collections::BTreeMap;

/// Columns of the grid.
const COLUMNS: u32 = 24;
/// Panels of one dashboard.
const PANELS_MAX: usize = 60;

/// A dashboard, understood.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub name: String,
    pub title: String,
    /// `24h`, `7d`, …
    pub duration: String,
    /// `30s`, …
    pub refresh: String,
    pub variables: Vec<Variable>,
    pub panels: Vec<Panel>,
}

#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub name: String,
    pub title: String,
    pub value: String,
    /// To choose from; any text where there are none.
    pub options: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Panel {
    pub id: String,
    pub title: String,
    pub chart: Chart,
    pub unit: String,
    pub query: String,
    /// Whether Prometheus is asked, not the log.
    pub is_prometheus: bool,
    pub place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chart {
    TimeSeries,
    Bar,
    Stat,
    Table,
}

#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
pub(crate) struct Place {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// The file as it is written.
mod file {
    use super::{BTreeMap, Place};
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Board {
        pub kind: String,
        pub metadata: Metadata,
        pub spec: Spec,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Metadata {
        pub name: String,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    pub(super) struct Spec {
        pub display: Display,
        pub duration: Option<String>,
        pub refresh_interval: Option<String>,
        pub variables: Vec<Wrapped<Variable>>,
        pub panels: BTreeMap<String, Wrapped<Panel>>,
        pub layouts: Vec<Wrapped<Layout>>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Display {
        pub name: Option<String>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Wrapped<T: Default> {
        pub kind: String,
        pub spec: T,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    pub(super) struct Variable {
        pub name: String,
        pub display: Display,
        pub value: Option<String>,
        pub default_value: Option<String>,
        pub values: Vec<String>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Panel {
        pub display: Display,
        pub plugin: Wrapped<Plugin>,
        pub queries: Vec<Wrapped<Query>>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Plugin {
        pub unit: String,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Query {
        pub query: String,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Layout {
        pub items: Vec<Item>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Item {
        #[serde(flatten)]
        pub place: Option<Place>,
        pub content: Content,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    pub(super) struct Content {
        #[serde(rename = "$ref")]
        pub reference: String,
    }
}

impl Board {
    /// Reads a file.
    ///
    /// # Errors
    /// A sentence that says what is wrong and where.
    pub(crate) fn read(text: &str) -> Result<Board, String> {
        let file: file::Board = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        if file.kind != "Dashboard" {
            return Err(format!("kind is \"{}\", expected \"Dashboard\"", file.kind));
        }
        let name = file.metadata.name;
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 61 || !name.chars().all(letter) {
            return Err("metadata.name is made of small letters, digits, - and _, 60 at most".into());
        }
        let spec = file.spec;
        if spec.panels.is_empty() || spec.panels.len() > PANELS_MAX {
            let wrong =
                if spec.panels.is_empty() { "there is no panel" } else { "there are too many panels" };
            return Err(format!("{wrong}: expected 1 to {PANELS_MAX} below spec.panels"));
        }
        let places: BTreeMap<String, Place> = placed(&spec.layouts, &spec.panels)?;
        let panels = spec.panels.into_iter().enumerate();
        let mut panels = panels
            .map(|(order, (id, panel))| {
                let place = places.get(&id).copied().unwrap_or_else(|| unplaced(order));
                Panel::read(id, panel.spec, place)
            })
            .collect::<Result<Vec<_>, _>>()?;
        panels.sort_by_key(|panel| (panel.place.y, panel.place.x));
        Ok(Board {
            title: spec.display.name.unwrap_or_else(|| name.clone()),
            name,
            duration: spec.duration.unwrap_or_else(|| "24h".into()),
            refresh: spec.refresh_interval.unwrap_or_else(|| "30s".into()),
            variables: spec.variables.into_iter().map(|variable| Variable::read(variable.spec)).collect(),
            panels,
        })
    }
}

/// Where a panel goes that the layout does not name: below the others.
fn unplaced(order: usize) -> Place {
    let order = order as u32;
    Place { x: order % 2 * 12, y: 1000 + order / 2 * 8, width: 12, height: 8 }
}

fn placed(
    layouts: &[file::Wrapped<file::Layout>],
    panels: &BTreeMap<String, file::Wrapped<file::Panel>>,
) -> Result<BTreeMap<String, Place>, String> {
    let mut places = BTreeMap::new();
    for item in layouts.iter().flat_map(|layout| &layout.spec.items) {
        let id = item.content.reference.rsplit('/').next().unwrap_or_default();
        let fits = |place: &Place| {
            place.width > 0
                && place.height > 0
                && place.x.saturating_add(place.width) <= COLUMNS
                && place.y <= 2000
        };
        let Some(place) = item.place.filter(fits) else {
            let wrong = format!("the place of \"{id}\" does not fit: x + width is at most {COLUMNS}");
            return Err(wrong);
        };
        if !panels.contains_key(id) {
            return Err(format!("the layout names a panel \"{id}\", which is not there"));
        }
        places.insert(id.to_string(), place);
    }
    Ok(places)
}

impl Variable {
    fn read(file: file::Variable) -> Variable {
        let value = file.value.or(file.default_value).or_else(|| file.values.first().cloned());
        Variable {
            title: file.display.name.unwrap_or_else(|| file.name.clone()),
            name: file.name,
            value: value.unwrap_or_default(),
            options: file.values,
        }
    }
}

impl Panel {
    fn read(id: String, file: file::Panel, place: Place) -> Result<Panel, String> {
        let chart = match file.plugin.kind.as_str() {
            "TimeSeriesChart" => Chart::TimeSeries,
            "BarChart" => Chart::Bar,
            "StatChart" => Chart::Stat,
            "" | "Table" => Chart::Table,
            other => {
                let expected = "TimeSeriesChart, BarChart, StatChart or Table";
                return Err(format!("the panel \"{id}\" is a \"{other}\", expected {expected}"));
            }
        };
        let query = file.queries.into_iter().next().filter(|query| !query.spec.query.trim().is_empty());
        let query =
            query.ok_or_else(|| format!("the panel \"{id}\" asks nothing: queries[0].spec.query is SQL"))?;
        Ok(Panel {
            title: file.display.name.unwrap_or_else(|| id.clone()),
            id,
            chart,
            unit: file.plugin.spec.unit,
            is_prometheus: query.kind.starts_with("Prometheus"),
            query: query.spec.query.split_whitespace().collect::<Vec<_>>().join(" "),
            place,
        })
    }
}
