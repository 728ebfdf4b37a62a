//! What an application learns of the person who has signed in to it (OpenID Connect Core, 5.3).

use kernel::{Actor, Result, Sex};
use op::{Entry, Ops};
use serde_json::{Map, Value, json};
use web::Method;

use crate::token::Call;
use crate::{Openid, error, http, model};

impl Openid {
    /// The claims of the scopes that the token has. Each reading is in the audit trail, and the person sees it.
    pub(crate) async fn userinfo(&self, ops: &Ops, call: Call<'_>, method: &Method) -> Result<Value> {
        let held = self.shown(ops, &call, method, http::USERINFO).await?;
        if !held.has_scope("openid") {
            return Err(error::scope_missing());
        }
        let Some((found, actor)) = &held.person else {
            return Err(error::scope_missing());
        };
        let mut claims = Map::new();
        claims.insert("sub".into(), json!(found.account));
        let mut op = ops.open(Actor::System("openid")).await?;
        let person = self.identity.person(&mut op, found.person, "").await?;
        if held.has_scope("profile") {
            claims.insert("name".into(), json!(person.full_name));
            claims.insert("locale".into(), json!("vi-VN"));
            claims.insert("zoneinfo".into(), json!("Asia/Ho_Chi_Minh"));
            if let Some(day) = person.birth_date {
                claims.insert("birthdate".into(), json!(day));
            }
            if let Some(sex) = person.sex {
                let word = match sex {
                    Sex::Male => "male",
                    Sex::Female => "female",
                };
                claims.insert("gender".into(), json!(word));
            }
        }
        // Nobody has checked yet that these are the person's.
        if held.has_scope("email")
            && let Some(email) = &person.email
        {
            claims.insert("email".into(), json!(email));
            claims.insert("email_verified".into(), json!(false));
        }
        if held.has_scope("phone")
            && let Some(phone) = &person.phone
        {
            claims.insert("phone_number".into(), json!(phone.to_string()));
            claims.insert("phone_number_verified".into(), json!(false));
        }
        if held.has_scope("identity_number")
            && let Some(number) = &person.personal_number
        {
            claims.insert("personal_number".into(), json!(number));
        }
        if held.has_scope("position")
            && let Actor::Official(official) = actor
        {
            claims.insert(
                "position".into(),
                json!({ "id": official.position, "title": official.position_title }),
            );
            let agency = json!({ "id": official.agency, "code": official.agency_code, "name": official.agency_name });
            claims.insert("agency".into(), agency);
            claims.insert("roles".into(), json!(official.roles));
        }
        let given: Vec<&String> = claims.keys().collect();
        let entry = Entry::new("openid.claims_given", model::subject(&found.client));
        op.record(
            entry
                .purpose(&held.client.name)
                .about(Some(found.person))
                .detail(json!({ "claims": given })),
        )
        .await?;
        op.commit().await?;
        Ok(Value::Object(claims))
    }
}
