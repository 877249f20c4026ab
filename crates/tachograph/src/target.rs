//! Where a reading command reads: a running server over HTTP, or a data folder at rest through the same router
//! in this process. One face, one set of answers.

use crate::client::{Answer, Client};
use crate::config::Config;
use crate::http::{App, Auth, router};
use crate::node::Node;
use axum::body::Body;
use axum::http::{Request, header};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tacho_record::RecordError;
use tacho_record::log::Lock;
use tower::ServiceExt;

/// The file in which a running server leaves its address.
const ADDRESS: &str = "server";

pub(crate) enum Target {
    Server(Client),
    Folder(Box<AtRest>),
}

/// A folder that no server has open.
pub(crate) struct AtRest {
    app: Arc<App>,
    runtime: tokio::runtime::Runtime,
}

impl Target {
    /// The server that was named, else the one that has the folder open, else the folder itself.
    pub(crate) fn find(
        server: Option<&str>,
        key: Option<&str>,
        data: &Path,
    ) -> Result<Target, Box<dyn Error>> {
        if let Some(client) = running(server, key, data)? {
            return Ok(Target::Server(client));
        }
        if !data.exists() {
            let what =
                format!("{} does not exist: start a server there, or name one with --server", data.display());
            return Err(what.into());
        }
        let config = Config::read(None, data)?;
        let node = Node::open(data, &config)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let alerting = crate::serve::alerting(data, &config, &node, String::new())?;
        let app = App::new(node, Auth::new(&[], false))
            .covering(config.coverage)
            .alerting_with(alerting)
            .reporting(config.reports);
        Ok(Target::Folder(Box::new(AtRest { app: Arc::new(app), runtime })))
    }

    pub(crate) fn get(&self, path: &str, accept: &str) -> Result<Answer, Box<dyn Error>> {
        match self {
            Target::Server(client) => client.get(path, accept),
            Target::Folder(folder) => {
                folder.call(Request::get(path).header(header::ACCEPT, accept), Body::empty())
            }
        }
    }

    pub(crate) fn post(&self, path: &str, accept: &str, body: &[u8]) -> Result<Answer, Box<dyn Error>> {
        match self {
            Target::Server(client) => client.post(path, accept, body),
            Target::Folder(folder) => {
                let request = Request::post(path).header(header::ACCEPT, accept);
                let request = request.header(header::CONTENT_LENGTH, body.len());
                folder.call(request.header(header::CONTENT_TYPE, "text/plain"), Body::from(body.to_vec()))
            }
        }
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Answer, Box<dyn Error>> {
        match self {
            Target::Server(client) => client.delete(path),
            Target::Folder(folder) => folder.call(Request::delete(path), Body::empty()),
        }
    }

    pub(crate) fn client(&self) -> Option<&Client> {
        match self {
            Target::Server(client) => Some(client),
            Target::Folder(_) => None,
        }
    }
}

impl AtRest {
    fn call(&self, request: axum::http::request::Builder, body: Body) -> Result<Answer, Box<dyn Error>> {
        let request = request.body(body)?;
        self.runtime.block_on(async {
            let response = router(Arc::clone(&self.app)).oneshot(request).await?;
            let status = response.status().as_u16();
            let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().to_string();
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await?.to_vec();
            Ok(Answer { status, kind, body })
        })
    }
}

/// The server that was named, else the one that has the folder open; `None` when the folder is at rest.
pub(crate) fn running(
    server: Option<&str>,
    key: Option<&str>,
    data: &Path,
) -> Result<Option<Client>, Box<dyn Error>> {
    let address = match server {
        Some(server) => Some(server.to_string()),
        None if data.exists() => serving(data)?,
        None => None,
    };
    Ok(address.map(|address| Client::new(&address, key.map(str::to_string))))
}

/// The address of the server that has a folder open; `None` when the folder is at rest.
pub(crate) fn serving(data: &Path) -> Result<Option<String>, Box<dyn Error>> {
    match Lock::take(data) {
        Ok(_free) => Ok(None),
        Err(RecordError::InUse { .. }) => {
            let address = std::fs::read_to_string(data.join(ADDRESS))
                .map_err(|_| format!("{} is in use: name the server with --server", data.display()))?;
            Ok(Some(address.trim().to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// The address file of a running server; removed when the server stops.
pub(crate) struct AddressFile(PathBuf);

impl AddressFile {
    pub(crate) fn write(data: &Path, address: std::net::SocketAddr) -> std::io::Result<AddressFile> {
        let path = data.join(ADDRESS);
        std::fs::write(&path, format!("{address}\n"))?;
        Ok(AddressFile(path))
    }
}

impl Drop for AddressFile {
    fn drop(&mut self) {
        // A file that stays behind only names an address where nobody answers.
        drop(std::fs::remove_file(&self.0));
    }
}
