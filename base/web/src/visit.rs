//! One request as a handler sees it.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    str::FromStr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use db::PageRequest;
use kernel::{Actor, Fault, Result, SessionId};
use op::{Op, Rights};
use render::{Flash, FlashKind, Locale, PageFrame, PageUser, UserKind};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Resume, Site, answer::address, cookie, redirect, resume, token};

/// What a handler says of its answer beside the body.
#[derive(Default)]
pub(crate) struct Beside {
    /// The version of what is shown.
    pub(crate) tag: OnceLock<String>,
    /// It waits for somebody.
    pub(crate) accepted: AtomicBool,
}

/// Who comes, in which language, with what parameters.
pub struct Visit<S> {
    /// The engines and everything else that the program is made of.
    pub state: S,
    /// Who acts, with the rights of this moment.
    pub actor: Actor,
    /// The session, if there is one.
    pub session: Option<SessionId>,
    /// The language of the answer.
    pub locale: Locale,
    pub(crate) shown_at: Option<DateTime<Utc>>,
    pub(crate) request: Uuid,
    pub(crate) path: String,
    pub(crate) raw_query: String,
    /// As they came, but for cookies.
    pub(crate) headers: HeaderMap,
    /// What the handler says of its answer beside the body.
    pub(crate) beside: Arc<Beside>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) from: IpAddr,
    pub(crate) user_agent: String,
    pub(crate) device: Option<String>,
    pub(crate) journey: Option<String>,
    /// The cookie that form tokens are bound to: the session's, or the visitor's.
    pub(crate) holder: String,
}

impl<S: AsRef<Site>> Visit<S> {
    /// The site.
    pub fn site(&self) -> &Site {
        self.state.as_ref()
    }

    /// What whoever visits may do.
    pub fn rights(&self) -> Rights<'_> {
        self.site().ops.policy().rights_of(&self.actor)
    }

    /// Who visits has just shown once more who they are: operations of this visit know it.
    pub fn has_shown_again(&mut self) {
        self.shown_at = Some(self.site().ops.now());
    }

    /// Begins an operation of this visitor.
    pub async fn op(&self) -> Result<Op> {
        let op = self.site().ops.open_for(self.actor.clone(), self.request).await?;
        Ok(op.shown(self.shown_at))
    }

    /// Begins an operation of this visitor that only looks at things: nothing is written, and only refusals go into the audit trail.
    pub async fn look(&self) -> Result<Op> {
        let op = self.site().ops.look_for(self.actor.clone(), self.request).await?;
        Ok(op.shown(self.shown_at))
    }

    /// The address asked for, without its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The address asked for, without the word about what was done just before: whoever comes back here is not told again.
    fn address(&self) -> String {
        address(&self.path, self.queries().filter(|(name, _)| *name != "da"))
    }

    /// A part of the path, `{name}` in the route.
    pub fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// A part of the path that must have a form; what has not does not exist.
    pub fn parse_param<T: FromStr>(&self, name: &str) -> Result<T> {
        self.param(name).parse().map_err(|_| Fault::not_found("web.not_found"))
    }

    /// A filled parameter of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The query letter by letter as it came, for protocols that give parts of it back unchanged.
    pub fn raw_query(&self) -> &str {
        &self.raw_query
    }

    /// All filled parameters of the query, in order.
    pub fn queries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(_, value)| !value.is_empty())
    }

    /// What part of a list is wanted: `?sau=` is the cursor, `?so=` the number of rows.
    pub fn page_request(&self) -> PageRequest {
        PageRequest::new(
            self.query("sau").map(ToString::to_string),
            self.query("so").and_then(|n| n.parse().ok()),
        )
    }

    /// A header that stands there once, cookies excepted. What stands there twice is passed over: which of them another program has
    /// believed, nobody knows.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.get_all(name).iter();
        let first = all.next();
        match all.next() {
            None => first.and_then(|value| value.to_str().ok()),
            Some(_) => None,
        }
    }

    /// The answer of the JSON API will name this version of what it shows (`ETag`), to be sent back as `If-Match`.
    pub fn tag(&self, version: impl std::fmt::Display) {
        let _ = self.beside.tag.set(format!("\"{version}\""));
    }

    /// The answer of the JSON API will say that it is not done yet: somebody has to decide on it (202).
    pub fn accepted(&self) {
        self.beside.accepted.store(true, Ordering::Relaxed);
    }

    /// The address that the request came from.
    pub fn client_ip(&self) -> IpAddr {
        self.from
    }

    /// What the browser says of itself.
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// The mark of a browser in which this person signed in before.
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// A response that marks this browser as known.
    pub fn keep_device(&self, mark: &str, mut response: Response) -> Response {
        cookie::keep_device(&self.site().config, response.headers_mut(), mark);
        response
    }

    /// The mark of this browser while it is on its way to another provider of identity.
    pub fn journey(&self) -> Option<&str> {
        self.journey.as_deref()
    }

    /// A response that marks this browser for such a way.
    pub fn keep_journey(&self, mark: &str, mut response: Response) -> Response {
        cookie::keep_journey(&self.site().config, response.headers_mut(), mark);
        response
    }

    /// The sign-in page. `content` says what its template asks for; the other ways in are added as `ways`.
    pub async fn sign_in_page(&self, status: StatusCode, mut content: Value) -> Answer {
        content["ways"] = json!(self.site().chrome.ways_in());
        self.page_status(status, "web/sign_in.html", content).await
    }

    /// A fresh form token.
    pub fn form_token(&self) -> String {
        token::issue(&self.site().config.secret, &self.holder)
    }

    /// A page with status 200.
    pub async fn page(&self, template: &str, content: impl Serialize) -> Answer {
        self.page_status(StatusCode::OK, template, content).await
    }

    /// A page with another status. `content` must be a map; the frame's facts are added as `page`.
    pub async fn page_status(&self, status: StatusCode, template: &str, content: impl Serialize) -> Answer {
        let mut context = serde_json::to_value(content).map_err(|e| Fault::internal("web.broken_page").caused_by(e))?;
        if context.is_null() {
            context = json!({});
        }
        if let Value::Object(map) = &mut context {
            let frame = serde_json::to_value(self.frame().await)
                .map_err(|e| Fault::internal("web.broken_page").caused_by(e))?;
            map.insert("page".into(), frame);
        }
        let html = self
            .site()
            .renderer
            .page(template, self.locale, &context)
            .map_err(|e| {
                Fault::internal("web.broken_page")
                    .with("template", template)
                    .caused_by(e)
            })?;
        Ok((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
    }

    /// 303 to another address of this site; a foreign address becomes the home page.
    pub fn redirect(&self, to: impl AsRef<str>) -> Answer {
        let to = to.as_ref();
        Ok(redirect(if resume::is_local(to) { to } else { "/" }))
    }

    /// A redirect that starts a session in the browser.
    pub fn start_session(&self, token: &str, mut response: Response) -> Response {
        cookie::start_session(&self.site().config, response.headers_mut(), token);
        response
    }

    /// Goes on as the person who has just signed in, so that a page drawn in the same answer carries a form token that will hold.
    pub fn become_signed_in(&mut self, token: &str, actor: Actor, session: SessionId) {
        self.holder = token.to_owned();
        self.actor = actor;
        self.session = Some(session);
    }

    /// Goes on as nobody: whoever has just signed out is not greeted in the same answer.
    pub fn become_nobody(&mut self) {
        self.actor = Actor::Anonymous;
        self.session = None;
    }

    /// A response that ends the session in the browser.
    pub fn end_session(&self, mut response: Response) -> Response {
        cookie::end_session(&self.site().config, response.headers_mut());
        response
    }

    /// A response that keeps the language chosen by the visitor.
    pub fn choose_locale(&self, locale: Locale, mut response: Response) -> Response {
        cookie::choose_locale(&self.site().config, response.headers_mut(), locale.tag());
        response
    }

    /// The page shown after a sign-in that interrupted a form: one press sends it again.
    pub async fn resume_page(&self, resume: &Resume) -> Answer {
        self.page("web/resume.html", json!({ "resume": resume })).await
    }

    async fn frame(&self) -> PageFrame {
        let site = self.site();
        let user = match &self.actor {
            Actor::Citizen(citizen) => PageUser {
                signed_in: true,
                kind: UserKind::Citizen,
                name: citizen.name.clone(),
                acts_for: self
                    .actor
                    .acts_for()
                    .map(|acting| acting.name.clone())
                    .unwrap_or_default(),
                ..PageUser::default()
            },
            Actor::Official(official) => PageUser {
                signed_in: true,
                kind: UserKind::Official,
                name: official.name.clone(),
                acts_for: String::new(),
                agency_name: official.agency_name.clone(),
                position_title: official.position_title.clone(),
                may: self.rights().actions().into_iter().map(str::to_owned).collect(),
            },
            Actor::Anonymous | Actor::System(_) => PageUser::default(),
        };
        let flash = self.query("da").and_then(|done| {
            let text = site
                .renderer
                .texts()
                .find(self.locale, &format!("flash.{done}"), &BTreeMap::new())?;
            Some(Flash {
                kind: FlashKind::Success,
                text,
            })
        });
        let unread = if user.signed_in {
            site.chrome.unread(&self.actor).await
        } else {
            0
        };
        PageFrame {
            locale: self.locale,
            title: None,
            user,
            unread,
            csrf: self.form_token(),
            path: self.address(),
            province: site.province(),
            flash,
            demo: site.config.demo,
        }
    }
}
