#![doc = include_str!("../README.md")]

mod again;
mod answer;
mod body;
mod cookie;
mod door;
mod identify;
mod openapi;
mod patient;
mod refuse;
mod resume;
mod routes;
mod serve;
mod site;
mod token;
mod visit;

pub use answer::{Answer, address, attachment, bytes, redirect};
pub use body::{Fields, IncomingFile, Upload};
pub use door::Door;
pub use identify::{Chrome, Identify, NoChrome, SessionView, WayIn};
pub use openapi::{Doc, openapi};
pub use resume::Resume;
pub use routes::{RouteView, Routes};
pub use site::{Site, SiteConfig, guarded, local_only, network};
pub use visit::Visit;

pub use axum::{
    body::Body,
    http::{Method, StatusCode},
    response::Response,
};

/// The pages of this crate, to be registered with the renderer under the names `web/….html`.
pub fn templates() -> Vec<(String, String)> {
    render::embedded::<Templates>()
        .into_iter()
        .map(|(name, source)| (format!("web/{name}"), source))
        .collect()
}

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/templates"]
struct Templates;
