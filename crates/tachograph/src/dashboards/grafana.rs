//! A dashboard as Grafana has it. Its data sources are variables, so that a file works wherever there is one: PostgreSQL's,
//! which asks us over [`crate::postgres`], and Prometheus.
//!
//! `$__range` becomes `$__timeFilter(timestamp)`, `date_bin($__step, timestamp)` becomes `$__timeGroup(timestamp,
//! $__interval)`, a variable of ours `${name:sqlstring}`.

use super::board::{Board, Chart, Panel, Variable};
use serde_json::{Value, json};

const POSTGRES: &str = "grafana-postgresql-datasource";
/// The version of the format: Grafana reads older ones and makes them its own.
const SCHEMA_VERSION: u32 = 39;

/// Makes Grafana's JSON of a dashboard.
///
/// # Errors
/// A panel that Grafana could not draw, by name.
pub(crate) fn export(board: &Board) -> Result<Value, String> {
    let asks = |prometheus: bool| board.panels.iter().any(|panel| panel.is_prometheus == prometheus);
    let source = |name: &str, label: &str, query: &str| {
        json!({"type": "datasource", "name": name, "label": label, "query": query, "hide": 0, "refresh": 1, "regex": "",
               "includeAll": false, "multi": false, "options": []})
    };
    let mut variables = Vec::new();
    if asks(false) {
        variables.push(source("postgres", "tachograph over PostgreSQL's wire", POSTGRES));
    }
    if asks(true) {
        variables.push(source("prometheus", "Prometheus", "prometheus"));
    }
    variables.extend(board.variables.iter().map(variable));
    let panels = board.panels.iter().zip(1..).map(|(one, id)| panel(board, one, id));
    Ok(json!({
        "uid": format!("tachograph-{}", board.name),
        "title": format!("tachograph: {}", board.title),
        "tags": ["tachograph"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": board.refresh,
        "time": {"from": format!("now-{}", board.duration), "to": "now"},
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": variables},
        "panels": panels.collect::<Result<Vec<_>, _>>()?,
    }))
}

fn variable(variable: &Variable) -> Value {
    let current = json!({"text": variable.value, "value": variable.value});
    if variable.options.is_empty() {
        return json!({"type": "textbox", "name": variable.name, "label": variable.title, "query": variable.value,
                      "hide": 0, "current": current, "options": [current]});
    }
    let options: Vec<Value> = variable
        .options
        .iter()
        .map(|value| json!({"text": value, "value": value, "selected": *value == variable.value}))
        .collect();
    json!({"type": "custom", "name": variable.name, "label": variable.title, "query": variable.options.join(","),
           "hide": 0, "includeAll": false, "multi": false, "current": current, "options": options})
}

fn panel(board: &Board, panel: &Panel, id: u32) -> Result<Value, String> {
    let source = if panel.is_prometheus {
        json!({"type": "prometheus", "uid": "${prometheus}"})
    } else {
        json!({"type": POSTGRES, "uid": "${postgres}"})
    };
    let target = if panel.is_prometheus { metric(panel) } else { sql(board, panel)? };
    let mut target = target;
    target["refId"] = json!("A");
    target["datasource"] = source.clone();
    let (kind, options, custom) = drawn(panel.chart);
    let place = panel.place;
    Ok(json!({
        "id": id,
        "type": kind,
        "title": panel.title,
        "datasource": source,
        "gridPos": {"x": place.x, "y": place.y, "w": place.width, "h": place.height},
        "targets": [target],
        "fieldConfig": {"defaults": {"unit": unit(&panel.unit), "custom": custom}, "overrides": []},
        "options": options,
    }))
}

fn metric(panel: &Panel) -> Value {
    json!({"expr": panel.query, "editorMode": "code", "instant": panel.chart == Chart::Stat,
           "range": panel.chart != Chart::Stat, "legendFormat": "__auto"})
}

fn sql(board: &Board, panel: &Panel) -> Result<Value, String> {
    let over_time = panel.chart == Chart::TimeSeries;
    let query = grafanas(board, &panel.query);
    if over_time && !query.contains(" AS time") && !query.contains(" AS \"time\"") {
        return Err(format!(
            "the panel \"{}\" is over time: Grafana wants the column of the axis to be called time, as in \
             date_bin($__step, timestamp) AS time",
            panel.id
        ));
    }
    let format = if over_time { "time_series" } else { "table" };
    Ok(json!({"rawSql": query, "rawQuery": true, "editorMode": "code", "format": format}))
}

/// A query with Grafana's words in the place of ours.
fn grafanas(board: &Board, query: &str) -> String {
    let query = query.replace("date_bin($__step, timestamp)", "$__timeGroup(timestamp, $__interval)");
    let query = query.replace("$__step", "INTERVAL '$__interval_ms milliseconds'");
    let mut out = String::new();
    let mut rest = query.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let name = &rest[at + 1..];
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        if name == "__range" {
            out.push_str("$__timeFilter(timestamp)");
        } else if board.variables.iter().any(|variable| variable.name == name) {
            out.push_str(&format!("${{{name}:sqlstring}}"));
        } else {
            out.push_str(&format!("${name}"));
        }
        rest = after;
    }
    out + rest
}

/// The kind of Grafana's panel, its options, and those of each field.
fn drawn(chart: Chart) -> (&'static str, Value, Value) {
    let legend = json!({"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []});
    match chart {
        Chart::TimeSeries => (
            "timeseries",
            json!({"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}),
            json!({"drawStyle": "line", "fillOpacity": 10, "showPoints": "auto", "spanNulls": false}),
        ),
        Chart::Bar => (
            "barchart",
            json!({"legend": legend, "tooltip": {"mode": "single", "sort": "none"}, "orientation": "auto",
                   "showValue": "auto", "stacking": "none"}),
            json!({"fillOpacity": 80, "lineWidth": 1}),
        ),
        Chart::Stat => (
            "stat",
            json!({"reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/", "values": false}, "colorMode": "value",
                   "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "auto"}),
            json!({}),
        ),
        Chart::Table => ("table", json!({"showHeader": true, "cellHeight": "sm"}), json!({"align": "auto"})),
    }
}

/// Grafana's name of a unit.
fn unit(unit: &str) -> String {
    match unit {
        "" => "short".into(),
        "%" | "percent" => "percent".into(),
        "ms" | "s" | "bytes" => unit.into(),
        "us" => "µs".into(),
        "usd" | "$" => "currencyUSD".into(),
        other => format!("suffix: {other}"),
    }
}
