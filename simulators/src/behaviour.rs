//! How a provider may misbehave, for tests.

/// What a provider does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// What it should.
    #[default]
    Honest,
    /// Names another issuer in its tokens.
    WrongIssuer,
    /// Names another issuer in the address back (RFC 9207).
    WrongIssuerBack,
    /// Signs nothing (`alg: none`).
    AlgNone,
    /// Signs with its public key as if it were a shared secret (`HS256`).
    SharedSecret,
    /// Gives tokens that are over.
    Expired,
    /// Gives tokens of the future.
    Future,
    /// Answers with another nonce.
    OtherNonce,
    /// Answers without one.
    NoNonce,
    /// Gives a token that is for another application.
    OtherAudience,
    /// Signs with a key that it does not publish.
    UnknownKey,
    /// Signs with another key under the name of the one that it publishes.
    OtherKey,
    /// Signs with its second key, which it publishes.
    NextKey,
    /// The profile is about somebody else.
    OtherProfile,
    /// Tells no personal number.
    NoNumber,
    /// Its number has changed.
    OtherNumber,
    /// Has given the person another subject.
    OtherSubject,
    /// Knows another name of the person by now.
    OtherName,
    /// Tells the level of assurance `LoA2`.
    SecondLevel,
    /// Never answers programs.
    Slow,
    /// Answers programs with 503.
    Down,
    /// Answers programs with a megabyte.
    Huge,
    /// Answers programs with a page.
    NotJson,
    /// Takes no code.
    NoCode,
    /// Sends people back with `server_error`.
    Fails,
    /// Does not know `prompt`: whoever is signed in there is not asked.
    AsksNobodyAnew,
}

impl Behaviour {
    /// All with their words, for the address that sets them.
    pub const ALL: [(&'static str, Self); 26] = [
        ("honest", Self::Honest),
        ("wrong_issuer", Self::WrongIssuer),
        ("wrong_issuer_back", Self::WrongIssuerBack),
        ("alg_none", Self::AlgNone),
        ("shared_secret", Self::SharedSecret),
        ("expired", Self::Expired),
        ("future", Self::Future),
        ("other_nonce", Self::OtherNonce),
        ("no_nonce", Self::NoNonce),
        ("other_audience", Self::OtherAudience),
        ("unknown_key", Self::UnknownKey),
        ("other_key", Self::OtherKey),
        ("next_key", Self::NextKey),
        ("other_profile", Self::OtherProfile),
        ("no_number", Self::NoNumber),
        ("other_number", Self::OtherNumber),
        ("other_subject", Self::OtherSubject),
        ("other_name", Self::OtherName),
        ("second_level", Self::SecondLevel),
        ("slow", Self::Slow),
        ("down", Self::Down),
        ("huge", Self::Huge),
        ("not_json", Self::NotJson),
        ("no_code", Self::NoCode),
        ("fails", Self::Fails),
        ("asks_nobody_anew", Self::AsksNobodyAnew),
    ];

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(own, _)| *own == word)
            .map(|(_, behaviour)| *behaviour)
    }
}
