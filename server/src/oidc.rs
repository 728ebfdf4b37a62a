//! Commands for the administrators of single sign-on.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use db::PageRequest;
use kernel::Actor;
use openid::http::{ClientAnswer, RegisteredAnswer};
use openid::{ClientAudience, ClientAuth, Grant, Openid, Registration, SigningAlgorithm};
use render::{Locale, Texts};
use serde_json::Value;

use crate::commands::{beside, directory, json, option, stored, told, words};
use crate::house;

/// `ngabay oidc` with its subcommands.
pub(crate) fn command(texts: &Texts) -> Command {
    let group = |name: &'static str, about: &str| {
        Command::new(name)
            .about(words(texts, about))
            .subcommand_required(true)
            .arg_required_else_help(true)
    };
    group("oidc", "oidc")
        .subcommand(
            group("client", "oidc_client")
                .subcommand(client_add(texts, stored(texts, "add", "oidc_client_add")))
                .subcommand(stored(texts, "list", "oidc_client_list").arg(json(texts))),
        )
        .subcommand(group("keys", "oidc_keys").subcommand(stored(texts, "rotate", "oidc_keys_rotate").arg(json(texts))))
}

/// The options of `oidc client add`.
fn client_add(texts: &Texts, command: Command) -> Command {
    let text = |name: &'static str, value: &'static str| option(texts, name).value_name(value);
    let many = |name: &'static str, value: &'static str| text(name, value).action(ArgAction::Append);
    let one_of = |arg: Arg, known: &[&'static str]| arg.value_parser(known.to_vec());
    let yes = |name: &'static str| option(texts, name).action(ArgAction::SetTrue);
    command
        .arg(text("name", "TEXT"))
        .arg(text("description", "TEXT").default_value(""))
        .arg(many("redirect-uri", "URL"))
        .arg(many("post-logout-redirect-uri", "URL"))
        .arg(text("backchannel-logout-uri", "URL"))
        .arg(text("launch-uri", "URL"))
        .arg(many("scope", "SCOPE"))
        .arg(one_of(
            many("grant", "GRANT"),
            &["authorization_code", "refresh_token", "client_credentials"],
        ))
        .arg(one_of(
            text("auth", "HOW").default_value("secret"),
            &["secret", "private_key", "certificate", "none"],
        ))
        .arg(text("jwks", "FILE").value_parser(value_parser!(PathBuf)))
        .arg(
            text("certificate", "FILE")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("jwks"),
        )
        .arg(text("jwks-uri", "URL").conflicts_with_all(["jwks", "certificate"]))
        .arg(one_of(text("id-token-signed-response-alg", "ALG"), &["RS256", "ES256"]))
        .arg(one_of(
            text("for", "WHO").default_value("everybody"),
            &["everybody", "officials"],
        ))
        .arg(yes("trusted"))
        .arg(yes("dpop"))
        .arg(yes("introspects"))
        .arg(json(texts))
}

/// Carries out `oidc …`.
pub(crate) async fn run(texts: &Texts, group: &ArgMatches) -> Result<()> {
    let (part, group) = group.subcommand().context("a subcommand is required")?;
    let (verb, options) = group.subcommand().context("a subcommand is required")?;
    let database = beside(texts, options).await?;
    let ops = house::ops(&database)?;
    let openid = house::openid(&database, &directory(options)).await?;
    let mut op = ops.open(Actor::System("console")).await?;
    let as_json = options.get_flag("json");
    match (part, verb) {
        ("client", "add") => {
            let new = registration(options)?;
            let registered = openid.register_client(&mut op, new).await;
            let registered = registered.map_err(|fault| reasons(texts, &fault))?;
            op.commit().await?;
            let secret = registered.secret.clone();
            let answer = RegisteredAnswer::new(registered, None);
            if as_json {
                println!("{}", serde_json::to_string_pretty(&answer)?);
            } else {
                println!("client_id      {}", answer.client.client_id);
                if let Some(secret) = secret {
                    println!("client_secret  {secret}");
                }
            }
        }
        ("client", "list") => list(texts, &openid, &mut op, as_json).await?,
        ("keys", "rotate") => {
            let made = openid.rotate_key(&mut op).await.map_err(|fault| told(texts, &fault))?;
            op.commit().await?;
            if as_json {
                println!("{}", serde_json::json!({ "kid": made.es256, "kid_rs256": made.rs256 }));
            } else {
                println!("ES256  {}\nRS256  {}", made.es256, made.rs256);
            }
        }
        _ => anyhow::bail!("{part} {verb}"),
    }
    Ok(())
}

async fn list(texts: &Texts, openid: &Openid, op: &mut op::Op, as_json: bool) -> Result<()> {
    let mut after = None;
    let mut all = Vec::new();
    loop {
        let page = openid.clients(op, &PageRequest::new(after, None)).await;
        let page = page.map_err(|fault| told(texts, &fault))?;
        all.extend(page.items.into_iter().map(ClientAnswer::from));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    for client in &all {
        let mark = if client.enabled { ' ' } else { '-' };
        println!("{mark} {:<44} {}", client.client_id, client.name);
    }
    Ok(())
}

fn registration(options: &ArgMatches) -> Result<Registration> {
    let text = |name: &str| options.get_one::<String>(name).cloned();
    let many = |name: &str| -> Vec<String> {
        options
            .get_many::<String>(name)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    };
    Ok(Registration {
        name: text("name")
            .or_else(|| host(many("redirect-uri").first()?))
            .unwrap_or_default(),
        description: text("description").unwrap_or_default(),
        auth: text("auth")
            .and_then(|word| ClientAuth::parse(&word))
            .unwrap_or(ClientAuth::Secret),
        jwks: match options.get_one::<PathBuf>("certificate") {
            Some(path) => Some(certificates(path)?),
            None => options.get_one::<PathBuf>("jwks").map(|path| keys(path)).transpose()?,
        },
        jwks_uri: text("jwks-uri"),
        id_token_signed_response_alg: text("id-token-signed-response-alg")
            .and_then(|word| SigningAlgorithm::parse(&word)),
        redirect_uris: many("redirect-uri"),
        post_logout_uris: many("post-logout-redirect-uri"),
        back_channel_logout_uri: text("backchannel-logout-uri"),
        launch_uri: text("launch-uri"),
        grants: many("grant").iter().filter_map(|word| Grant::parse(word)).collect(),
        // `--scope "openid profile"` and `--scope openid --scope profile` mean the same.
        scopes: many("scope")
            .iter()
            .flat_map(|scopes| scopes.split_whitespace().map(str::to_owned))
            .collect(),
        audience: text("for")
            .and_then(|word| ClientAudience::parse(&word))
            .unwrap_or_default(),
        trusted: options.get_flag("trusted"),
        dpop: options.get_flag("dpop"),
        introspects: options.get_flag("introspects"),
    })
}

/// Where an application lives, for one that has no name yet.
fn host(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    rest.split(['/', '?']).next().map(str::to_owned)
}

fn keys(path: &Path) -> Result<Value> {
    let content = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&content).with_context(|| path.display().to_string())
}

/// Certificates as tools write them (PEM).
fn certificates(path: &Path) -> Result<Value> {
    let content = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    openid::jwks_of_certificates(&content).with_context(|| path.display().to_string())
}

/// A fault with what is wrong field by field.
fn reasons(texts: &Texts, fault: &kernel::Fault) -> anyhow::Error {
    let fields: Vec<String> = fault
        .fields
        .iter()
        .map(|field| {
            format!(
                "{}: {}",
                field.field,
                texts.error(Locale::Vi, &field.code, &field.params)
            )
        })
        .collect();
    if fields.is_empty() {
        told(texts, fault)
    } else {
        anyhow::anyhow!("{}", fields.join("\n"))
    }
}
