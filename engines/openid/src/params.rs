//! Parameters as programs send them: nothing is cleaned, and nothing may stand there twice.

use kernel::Result;

use crate::error;

/// Most parameters of a request. No request of a norm has half as many.
const MOST: usize = 64;

/// Parameters of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Reads a query or the body of a form. Empty ones are left out (RFC 6749, 3.1). Fails with `openid.request_wrong` where one
    /// stands there twice: one program would take the first of them and another one the last.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            if pairs.len() == MOST {
                return Err(error::request_wrong("…"));
            }
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(error::request_wrong(&name.chars().take(40).collect::<String>()));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that must be there. Fails with `openid.request_wrong`.
    pub(crate) fn need(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| error::request_wrong(name))
    }

    /// The same as a query, without these.
    pub(crate) fn query_without(&self, names: &[&str]) -> String {
        self.query(|name| !names.contains(&name))
    }

    /// These of them as a query.
    pub(crate) fn query_of(&self, names: &[&str]) -> String {
        self.query(|name| names.contains(&name))
    }

    fn query(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs.iter().filter(|(name, _)| wanted(name)) {
            query.append_pair(name, value);
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_as_they_were_sent() {
        let params = Params::parse("state=%20a%20%20b%C3%A9%CC%81+&empty=&x").unwrap();
        assert_eq!(params.get("state"), Some(" a  bé\u{301} "));
        assert_eq!(params.get("empty"), None);
        assert_eq!(params.get("x"), None);
        assert_eq!(params.need("x").unwrap_err().code, "openid.request_wrong");
        assert_eq!(
            Params::parse(&params.query_without(&["x"])).unwrap().get("state"),
            params.get("state")
        );
    }

    #[test]
    fn nothing_stands_there_twice() {
        let fault = Params::parse("client_id=a&client_id=a").unwrap_err();
        assert_eq!(fault.params["parameter"], "client_id");
    }

    #[test]
    fn a_flood_is_refused() {
        let many: String = (0..100_000).map(|n| format!("a{n}=1&")).collect();
        assert_eq!(Params::parse(&many).unwrap_err().code, "openid.request_wrong");
    }
}
