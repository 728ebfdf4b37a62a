//! Coming back from a provider. What the provider is asked is asked while no operation is open.

use identity::{Entered, Source, Vouched, VouchedEntry, Way, WayIn};
use kernel::{AccountId, Actor, Fault, Result};
use op::{Entry, Ops};
use serde_json::{Value, json};

use crate::config::Config;
use crate::definition::Provider;
use crate::start::{RESUME, journey};
use crate::store::journey::Journey;
use crate::word::{self, Unfit};
use crate::{Federation, claims, error, farewell, secret, store};

/// What a browser brings back.
#[derive(Clone, Copy, Debug)]
pub struct Callback<'a> {
    /// Key of the provider, from the address.
    pub provider: &'a str,
    /// The mark of the browser.
    pub browser: Option<&'a str>,
    /// `state` of the query.
    pub state: Option<&'a str>,
    /// `code` of the query.
    pub code: Option<&'a str>,
    /// `error` of the query.
    pub error: Option<&'a str>,
    /// `iss` of the query (RFC 9207), if the provider says it.
    pub issuer: Option<&'a str>,
    /// Who is signed in in this browser.
    pub account: Option<AccountId>,
    /// Where it comes from.
    pub source: Source<'a>,
}

/// What came of it.
#[derive(Debug)]
pub enum Arrival {
    /// Somebody has signed in, or is to show the second factor.
    Entered {
        /// The session, or what waits.
        entered: Entered,
        /// Where the person wanted to go.
        back: String,
        /// The form that the sign-in had interrupted; may be empty.
        resume: String,
    },
    /// The owner of the account has linked it.
    Linked {
        /// Where the person wanted to go.
        back: String,
    },
    /// The owner of the account has shown just now who they are.
    ShownAgain {
        /// Where the person wanted to go.
        back: String,
        /// The form that waits for it; may be empty.
        resume: String,
    },
}

/// What a journey has led to.
enum Came {
    In(Entered),
    Linked,
    ShownAgain,
}

/// It came to nothing.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub fault: Fault,
    /// Where the person wanted to go; empty where nobody was sent.
    pub back: String,
    /// The form that the sign-in had interrupted; may be empty.
    pub resume: String,
    /// The owner wanted to link the account.
    pub linking: bool,
    /// The owner wanted to show once more who they are.
    pub again: bool,
}

impl From<Fault> for Box<Refused> {
    fn from(fault: Fault) -> Self {
        Self::new(Refused {
            fault,
            back: String::new(),
            resume: String::new(),
            linking: false,
            again: false,
        })
    }
}

/// What a provider has said, and it holds.
pub(crate) struct Said {
    pub(crate) subject: String,
    pub(crate) vouched: Vouched,
    id_token: String,
    claims: Value,
}

impl Federation {
    /// Ends a journey. Opens its own operations. Fails with `federation.unknown_provider`, `federation.expired`, `federation.cancelled`,
    /// `federation.provider_away`, `federation.word_refused`, `federation.organisation`, `federation.nameless`, `federation.subject_differs`,
    /// `federation.other_person`, `federation.unlinked`, `federation.not_shown_anew`, `identity.person_differs`, `identity.account_suspended`, `identity.account_closed`.
    pub async fn finish(&self, ops: &Ops, callback: Callback<'_>) -> Result<Arrival, Box<Refused>> {
        let provider = self.provider(callback.provider)?;
        let (Some(state), Some(browser)) = (callback.state, callback.browser) else {
            return Err(error::expired().into());
        };
        let taken = self.take(ops, provider, state, browser).await?;
        let resume = match &taken.resume {
            Some(sealed) => self.vault.unseal(RESUME, &journey(state), sealed)?,
            None => Vec::new(),
        };
        let resume = String::from_utf8_lossy(&resume).into_owned();
        match self.arrive(ops, provider, &taken, (state, browser), &callback).await {
            Ok(Came::In(entered)) => Ok(Arrival::Entered {
                entered,
                back: taken.back,
                resume,
            }),
            Ok(Came::Linked) => Ok(Arrival::Linked { back: taken.back }),
            Ok(Came::ShownAgain) => Ok(Arrival::ShownAgain {
                back: taken.back,
                resume,
            }),
            Err(fault) => {
                self.note_refusal(ops, provider, &fault).await?;
                Err(Box::new(Refused {
                    fault,
                    back: taken.back,
                    resume,
                    linking: taken.linking.is_some(),
                    again: taken.again.is_some(),
                }))
            }
        }
    }

    /// Takes the journey that belongs to this browser, provider and state; nobody else can use it up.
    async fn take(&self, ops: &Ops, provider: &Provider, state: &str, browser: &str) -> Result<Journey> {
        let state = secret::digest(state).ok_or_else(error::expired)?;
        let browser = secret::digest(browser).ok_or_else(error::expired)?;
        let mut op = ops.open(Actor::Anonymous).await?;
        let now = op.now();
        let taken = store::journey::take(op.conn(), &state, &browser, &provider.key, now).await?;
        op.commit().await?;
        taken.ok_or_else(error::expired)
    }

    /// The session, or what was done in the one that there is.
    async fn arrive(
        &self,
        ops: &Ops,
        provider: &Provider,
        taken: &Journey,
        (state, browser): (&str, &str),
        callback: &Callback<'_>,
    ) -> Result<Came> {
        // Another provider has answered in this one's name.
        if callback.issuer.is_some_and(|issuer| issuer != provider.issuer) {
            return Err(error::word_refused(Unfit::Issuer));
        }
        let code = match (callback.error, callback.code) {
            (Some("access_denied"), _) => return Err(error::cancelled()),
            (Some(other), _) => return Err(error::provider_away(other.chars().take(80).collect::<String>())),
            (None, Some(code)) => code,
            (None, None) => return Err(error::word_refused(Unfit::Code)),
        };
        let own = taken.linking.or(taken.again).map(AccountId::from);
        // Signed out meanwhile, or in as somebody else.
        if own.is_some() && own != callback.account {
            return Err(error::expired());
        }
        let said = self.said(ops, provider, code, (state, browser)).await?;
        // A provider that knows nothing of `prompt` and `max_age` has asked nobody anew.
        if taken.again.is_some() && !word::shown_since(&said.claims, taken.expires_at - Config::JOURNEY) {
            return Err(error::not_shown_anew());
        }
        let account = self.link(ops, provider, &said, own).await?;
        if taken.again.is_some() {
            return Ok(Came::ShownAgain);
        }
        if own.is_some() {
            return Ok(Came::Linked);
        }
        let entry = VouchedEntry {
            account,
            way: Way {
                way: WayIn::Provider,
                provider: Some(provider.key.clone()),
                assurance: claims::assurance(&provider.levels, &said.claims),
            },
            source: callback.source,
        };
        let entered = self.identity.enter_vouched(ops, entry).await?;
        if let Some(told) = farewell::address(provider, &said.claims) {
            self.keep_farewell(ops, provider, &entered, &said.id_token, told)
                .await?;
        }
        Ok(Came::In(entered))
    }

    /// What the provider says for a code.
    async fn said(&self, ops: &Ops, provider: &Provider, code: &str, (state, browser): (&str, &str)) -> Result<Said> {
        let verifier = secret::derived("pkce", state, browser);
        let back = self.callback_address(provider);
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &back),
        ];
        if provider.pkce {
            fields.push(("code_verifier", &verifier));
        }
        let tokens = self.line.tokens(provider, &fields).await?;
        let id_token = tokens["id_token"]
            .as_str()
            .ok_or_else(|| error::word_refused(Unfit::Malformed))?;
        let mut claims = self.signed(ops, provider, id_token).await?;
        let nonce = secret::derived("nonce", state, browser);
        let subject = word::check(provider, &claims, &nonce, ops.now()).map_err(error::word_refused)?;
        if let Some(profile) = &provider.profile {
            let mut address = profile.clone();
            address.query_pairs_mut().append_pair("token_id", id_token);
            add_profile(provider, &mut claims, self.line.get(&address).await?)?;
        }
        Ok(Said {
            subject,
            vouched: claims::person(provider, &claims)?,
            id_token: id_token.to_owned(),
            claims,
        })
    }

    /// Nobody's number or name stands in the trail, only what was wrong.
    async fn note_refusal(&self, ops: &Ops, provider: &Provider, fault: &Fault) -> Result<()> {
        let cause = std::error::Error::source(fault).map(ToString::to_string);
        tracing::info!(
            provider = provider.key,
            code = fault.code,
            "a sign-in by a provider has come to nothing"
        );
        let why = cause.filter(|_| fault.code == "federation.word_refused");
        let mut op = ops.open(Actor::Anonymous).await?;
        let facts = json!({ "code": fault.code, "why": why });
        op.record(Entry::new("federation.refused", format!("provider:{}", provider.key)).detail(facts))
            .await?;
        op.commit().await
    }
}

/// What the profile says beside the token. What the token has said stands; where both say who it is, they say the same.
fn add_profile(provider: &Provider, claims: &mut Value, profile: Value) -> Result<()> {
    for name in ["sub", &provider.claims.number] {
        let (signed, told) = (claims::told(claims, name), claims::told(&profile, name));
        if signed.is_some() && told.is_some() && signed != told {
            return Err(error::word_refused(Unfit::Profile));
        }
    }
    if let (Value::Object(claims), Value::Object(profile)) = (claims, profile) {
        for (name, value) in profile {
            claims.entry(name).or_insert(value);
        }
    }
    Ok(())
}
