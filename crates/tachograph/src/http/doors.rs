//! The ports on which OpenTelemetry's exporters look: 4318 for HTTP and 4317 for gRPC.
//!
//! Without a word in the configuration they are open where the server listens on loopback, and a port that is taken is
//! left to whoever has it. What the configuration names is opened or is an error.

use super::{App, Places, connections, grpc, otlp};
use serde::de::Error as _;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

const HTTP: &str = "127.0.0.1:4318";
const GRPC: &str = "127.0.0.1:4317";

/// The ports of OpenTelemetry.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Otlp {
    /// Where to listen for OTLP over HTTP, or `off`.
    pub http: Door,
    /// Where to listen for OTLP over gRPC, or `off`.
    pub grpc: Door,
}

/// One port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Door {
    /// Nothing was said.
    #[default]
    Usual,
    Off,
    At(SocketAddr),
}

impl<'de> serde::Deserialize<'de> for Door {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Door, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Door::Off);
        }
        let address = crate::config::address(&text);
        address.map(Door::At).map_err(|error| D::Error::custom(format!("{error}, or off")))
    }
}

/// Ports that are open.
#[derive(Debug)]
pub(crate) struct Doors {
    http: Option<TcpListener>,
    grpc: Option<TcpListener>,
    places: Arc<Places>,
}

impl Doors {
    /// Opens the ports. `public` when the server itself can be reached by others, `has_keys` when somebody may be let
    /// in from elsewhere.
    pub(crate) async fn open(
        otlp: &Otlp,
        public: bool,
        has_keys: bool,
        connections: usize,
    ) -> Result<Doors, Box<dyn Error>> {
        Ok(Doors {
            http: open("otlp.http", otlp.http, HTTP, public, has_keys).await?,
            grpc: open("otlp.grpc", otlp.grpc, GRPC, public, has_keys).await?,
            places: Arc::new(Places::new(connections)),
        })
    }

    /// For whoever starts the server: the addresses as they can be copied.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let address = |listener: &Option<TcpListener>| listener.as_ref()?.local_addr().ok();
        let http = address(&self.http).map(|address| format!("http://{address}"));
        let grpc = address(&self.grpc).map(|address| format!("grpc://{address}"));
        http.into_iter().chain(grpc).collect()
    }

    /// Serves until the server stops.
    pub(crate) async fn serve(self, app: Arc<App>, head_time: Duration) {
        let stopped = || {
            let mut stopping = app.stopping();
            async move { drop(stopping.wait_for(|is_stopping| *is_stopping).await) }
        };
        let http = async {
            if let Some(listener) = self.http {
                let router = otlp::router(Arc::clone(&app));
                connections::serve(listener, router, &self.places, head_time, stopped()).await;
            }
        };
        let grpc = async {
            if let Some(listener) = self.grpc {
                let router = grpc::router(Arc::clone(&app));
                connections::serve_http2(listener, router, &self.places, stopped()).await;
            }
        };
        tokio::join!(http, grpc);
    }
}

async fn open(
    name: &str,
    door: Door,
    usual: &str,
    public: bool,
    has_keys: bool,
) -> Result<Option<TcpListener>, Box<dyn Error>> {
    let address: SocketAddr = match door {
        Door::Off => return Ok(None),
        Door::Usual if public => return Ok(None),
        Door::Usual => usual.parse()?,
        Door::At(address) => address,
    };
    if !address.ip().is_loopback() && !has_keys {
        return Err(format!(
            "refuses to listen on {address} ({name}) without keys: anyone there could write"
        )
        .into());
    }
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if door == Door::Usual => {
            tracing::warn!(
                "{address} is taken ({error}): OpenTelemetry comes in on the main port only; {name} chooses another"
            );
            Ok(None)
        }
        Err(error) => Err(format!("cannot listen on {address} ({name}): {error}").into()),
    }
}
