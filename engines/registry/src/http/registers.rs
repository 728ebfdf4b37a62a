//! The list of registers, and what is declared of one.

use kernel::Result;
use openid::Openid;
use serde::de::DeserializeOwned;
use serde_json::Value;
use web::{Method, Site, Visit};

use super::asker::{READ_SCOPE, asker};
use super::declared::{RegisterAnswer, RegisterList, answer, card};
use super::read::page_request;
use super::{document, register};
use crate::definition::json_schema;
use crate::{Described, Registry, Wanted, error};

pub(super) async fn list<S>(mut visit: Visit<S>) -> Result<RegisterList>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let registry = asker(&mut visit, &Method::GET, READ_SCOPE).await?.registry;
    let named = |name: &str| visit.query(name).map(str::to_owned);
    let wanted = Wanted {
        text: named("q").unwrap_or_default(),
        owner: named("owner"),
        app: named("app"),
        sharing: word(&visit, "sharing")?,
        update: word(&visit, "update")?,
        catalogue: match visit.query("catalogue") {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err(error::bad_filter("catalogue")),
        },
    };
    let page = page_request(&visit)?;
    let mut op = visit.look().await?;
    let page = registry.cards(&mut op, &wanted, &page).await?;
    Ok(RegisterList {
        items: page.items.iter().map(|own| card(own, visit.locale.tag())).collect(),
        next: page.next,
    })
}

/// A word of the grammar in the address.
fn word<S: AsRef<Site>, T: DeserializeOwned>(visit: &Visit<S>, name: &str) -> Result<Option<T>> {
    let read = |word: &str| serde_json::from_value(word.into()).map_err(|_| error::bad_filter(name));
    visit.query(name).map(read).transpose()
}

pub(super) async fn show<S>(mut visit: Visit<S>) -> Result<RegisterAnswer>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let described = described(&mut visit).await?;
    Ok(answer(&described, visit.locale.tag()))
}

pub(super) async fn schema<S>(mut visit: Visit<S>) -> Result<Value>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    Ok(visible_schema(&described(&mut visit).await?))
}

pub(super) async fn openapi<S>(mut visit: Visit<S>) -> Result<Value>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let described = described(&mut visit).await?;
    Ok(document::openapi(
        &described,
        visible_schema(&described),
        visit.locale.tag(),
    ))
}

async fn described<S>(visit: &mut Visit<S>) -> Result<Described>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let registry = asker(visit, &Method::GET, READ_SCOPE).await?.registry;
    let mut op = visit.look().await?;
    registry.described(&mut op, &register(visit)).await
}

/// The schema of the fields that whoever asks may know of.
fn visible_schema(described: &Described) -> Value {
    let mut schema = json_schema(&described.card.published.definition);
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|field, _| described.knows(field));
    }
    for list in ["required", "x-key"] {
        if let Some(names) = schema[list].as_array_mut() {
            names.retain(|field| field.as_str().is_some_and(|field| described.knows(field)));
        }
    }
    schema
}
