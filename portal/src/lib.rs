#![doc = include_str!("../README.md")]

mod account;
mod apply;
mod desk;
mod filling;
mod help;
mod home;
mod house;
mod messages;
mod my_dossiers;
mod organisation;
mod own_data;
mod papers;
mod place_names;
mod places;
mod procedures;
mod questions;
mod registers;
mod registers_files;
mod registration;
mod sign_on;
mod supply;
mod told;
mod track;
mod trail;
mod verify;
mod words;

use rust_embed::RustEmbed;
use web::Routes;

pub use house::{House, UnreadCount};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/templates"]
struct Templates;

/// The pages of this crate, to be registered with the renderer under the names `portal/….html`.
pub fn templates() -> Vec<(String, String)> {
    render::embedded::<Templates>()
        .into_iter()
        .map(|(name, source)| (format!("portal/{name}"), source))
        .collect()
}

/// All pages and the JSON API of the engines behind them.
pub fn routes() -> Routes<House> {
    home::routes()
        .merge(procedures::routes())
        .merge(apply::routes())
        .merge(my_dossiers::routes())
        .merge(supply::routes())
        .merge(track::routes())
        .merge(verify::routes())
        .merge(organisation::routes())
        .merge(place_names::routes())
        .merge(trail::routes())
        .merge(account::routes())
        .merge(registration::routes())
        .merge(sign_on::routes())
        .merge(own_data::routes())
        .merge(desk::routes())
        .merge(registers_files::routes())
        .merge(registers::routes())
        .merge(messages::routes())
        .merge(help::routes())
        .merge(dossiers::catalogue::http::routes())
        .merge(dossiers::http::routes())
        .merge(forms::http::routes())
        .merge(identity::http::routes())
        .merge(federation::http::routes())
        .merge(openid::http::routes())
        .merge(scim::http::routes())
        .merge(registry::http::routes())
        .merge(privacy::http::routes())
        .merge(oversight::http::routes())
        .merge(notify::routes())
        .merge(workflow::http::routes())
}
