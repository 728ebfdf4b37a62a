//! Commands for the administrators of provisioning: what groups give, and which accounts applications look after.

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};
use kernel::{Actor, PositionId};
use op::Op;
use render::Texts;
use scim::Scim;
use uuid::Uuid;

use crate::commands::{beside, directory, json, option, stored, told, words};
use crate::house;

/// `ngabay scim` with its subcommands.
pub(crate) fn command(texts: &Texts) -> Command {
    let text = |name: &'static str, value: &'static str| option(texts, name).value_name(value).required(true);
    let group = Arg::new("group")
        .required(true)
        .value_name("GROUP")
        .value_parser(value_parser!(Uuid))
        .help(words(texts, "option.group"));
    Command::new("scim")
        .about(words(texts, "scim"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(stored(texts, "groups", "scim_groups").arg(json(texts)))
        .subcommand(
            stored(texts, "map", "scim_map")
                .arg(group.clone())
                .arg(text("agency", "CODE"))
                .arg(text("position", "CODE")),
        )
        .subcommand(stored(texts, "unmap", "scim_unmap").arg(group))
        .subcommand(
            stored(texts, "move", "scim_move")
                .arg(text("from-client", "CLIENT_ID"))
                .arg(text("to-client", "CLIENT_ID")),
        )
        .subcommand(
            stored(texts, "hand-over", "scim_hand_over")
                .arg(text("client", "CLIENT_ID"))
                .arg(text("login", "LOGIN")),
        )
}

/// Carries out `scim …`.
pub(crate) async fn run(texts: &Texts, group: &ArgMatches) -> Result<()> {
    let (verb, options) = group.subcommand().context("a subcommand is required")?;
    let database = beside(texts, options).await?;
    let ops = house::ops(&database)?;
    let scim = house::scim(&database, &directory(options)).await?;
    let mut op = ops.open(Actor::System("console")).await?;
    let text = |name: &str| options.get_one::<String>(name).cloned().unwrap_or_default();
    let number = || options.get_one::<Uuid>("group").copied().unwrap_or_default();
    match verb {
        "groups" => list(texts, &scim, &mut op, options.get_flag("json")).await?,
        "map" => {
            let position = position(&scim, &mut op, &text("agency"), &text("position")).await;
            let position = position.map_err(|fault| told(texts, &fault))?;
            let done = scim.map_group(&mut op, number(), Some(position)).await;
            done.map_err(|fault| told(texts, &fault))?;
        }
        "unmap" => {
            let done = scim.map_group(&mut op, number(), None).await;
            done.map_err(|fault| told(texts, &fault))?;
        }
        "move" => {
            let done = scim.move_all(&mut op, &text("from-client"), &text("to-client")).await;
            println!("{}", done.map_err(|fault| told(texts, &fault))?);
        }
        "hand-over" => {
            let done = scim.hand_over(&mut op, &text("client"), &text("login")).await;
            println!("{}", done.map_err(|fault| told(texts, &fault))?);
        }
        _ => anyhow::bail!("{verb}"),
    }
    op.commit().await?;
    Ok(())
}

async fn position(scim: &Scim, op: &mut Op, agency: &str, code: &str) -> kernel::Result<PositionId> {
    let identity = scim.identity();
    let agency = identity.agency_by_code(op, agency).await?;
    identity.position_by_code(op, agency.id, code).await
}

async fn list(texts: &Texts, scim: &Scim, op: &mut Op, as_json: bool) -> Result<()> {
    let groups = scim.groups(op).await.map_err(|fault| told(texts, &fault))?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&groups)?);
        return Ok(());
    }
    for group in groups {
        let position = match group.position {
            Some(position) => scim.identity().position(op, position).await?.title,
            None => "-".to_owned(),
        };
        println!(
            "{}  {:<32} {:<40} {:>6}  {position}",
            group.id, group.client, group.name, group.members
        );
    }
    Ok(())
}
