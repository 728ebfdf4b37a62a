//! What somebody may do, and why (quyền hiện có): one's own for every official, others' for administrators.

use kernel::{Fault, FaultKind};
use serde_json::{Value, json};
use web::{Answer, Door, Routes, StatusCode, Visit};

use crate::account::offices::role_name;
use crate::{House, words::Words};

pub(super) fn routes() -> Routes<House> {
    Routes::new().get("/can-bo/quyen", Door::Official, rights)
}

async fn rights(visit: Visit<House>) -> Answer {
    let identity = &visit.state.identity;
    let sees_others = visit.rights().everywhere("identity.see_rights");
    let account = visit
        .actor
        .account()
        .ok_or_else(|| Fault::unauthenticated("web.sign_in_first"))?;
    let mut op = visit.op().await?;
    let own = identity.account(&mut op, account).await?.login;
    let asked = visit.query("tai_khoan").unwrap_or(&own).to_owned();
    let found = match identity.rights_of(&mut op, &asked).await {
        Ok(found) => Some(found),
        Err(fault) if sees_others && fault.kind == FaultKind::NotFound => None,
        Err(fault) => return Err(fault),
    };
    if found.is_some() {
        op.commit().await?;
    }
    let words = Words::new(&visit, "");
    let parts: Vec<Value> = found
        .iter()
        .flat_map(|found| &found.positions)
        .map(|part| {
            let roles = part.position.iter().flat_map(|position| &position.roles);
            let roles: Vec<_> = roles.map(|role| role_name(&visit, role)).collect();
            let rows: Vec<_> = part
                .rights
                .iter()
                .map(|right| {
                    let scope = words.say(&format!("rights.scope.{}", right.scope.word()), []);
                    let scope = match right.fields.as_slice() {
                        [] => scope,
                        fields => format!("{scope} ({})", fields.join("; ")),
                    };
                    json!({ "cells": [words.say(&format!("rights.action.{}", right.action), []), scope, role_name(&visit, &right.role)] })
                })
                .collect();
            json!({ "position": part.position, "roles": roles, "privileged": part.privileged, "rows": rows })
        })
        .collect();
    let content = json!({
        "found": found, "parts": parts, "asked": asked, "sees_others": sees_others, "own": asked == own,
    });
    let status = if found.is_some() {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    visit.page_status(status, "portal/desk/rights.html", content).await
}
