//! Characters to tokens.

use rust_decimal::Decimal;

use super::FeelError;
use super::syntax::Place;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(Decimal),
    Text(String),
    /// A name or a keyword.
    Name(String),
    Mark(&'static str),
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Lexed {
    pub token: Token,
    pub place: Place,
}

/// Longer marks first.
const MARKS: [&str; 22] = [
    "**", "..", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "+", "-", "*", "/", "=", "<", ">", "@",
];

struct Lexer<'s> {
    rest: &'s str,
    place: Place,
}

pub(super) fn lex(source: &str) -> Result<Vec<Lexed>, FeelError> {
    let mut lexer = Lexer {
        rest: source,
        place: Place { line: 1, column: 1 },
    };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank()?;
        let place = lexer.place;
        let token = lexer.next()?;
        let end = token == Token::End;
        tokens.push(Lexed { token, place });
        if end {
            return Ok(tokens);
        }
    }
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let taken = chars.next()?;
        self.rest = chars.as_str();
        if taken == '\n' {
            self.place.line += 1;
            self.place.column = 1;
        } else {
            self.place.column += 1;
        }
        Some(taken)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(next) = self.peek().filter(|next| wanted(*next)) {
            taken.push(next);
            self.bump();
        }
        taken
    }

    /// White space and comments, `// …` to the end of the line and `/* … */`.
    fn skip_blank(&mut self) -> Result<(), FeelError> {
        loop {
            self.take_while(char::is_whitespace);
            if self.rest.starts_with("//") {
                self.take_while(|next| next != '\n');
            } else if self.rest.starts_with("/*") {
                let place = self.place;
                while !self.rest.starts_with("*/") {
                    self.bump().ok_or_else(|| place.error("the comment has no end"))?;
                }
                self.bump();
                self.bump();
            } else {
                return Ok(());
            }
        }
    }

    fn next(&mut self) -> Result<Token, FeelError> {
        let place = self.place;
        let Some(first) = self.peek() else {
            return Ok(Token::End);
        };
        let second = self.rest.chars().nth(1);
        if first.is_ascii_digit() || (first == '.' && second.is_some_and(|next| next.is_ascii_digit())) {
            return self.number();
        }
        if first == '"' {
            return self.text();
        }
        if first.is_alphabetic() || first == '_' {
            return Ok(Token::Name(
                self.take_while(|next| next.is_alphanumeric() || next == '_'),
            ));
        }
        for mark in MARKS {
            if self.rest.starts_with(mark) {
                for _ in 0..mark.len() {
                    self.bump();
                }
                return Ok(Token::Mark(mark));
            }
        }
        Err(place.error(format!("'{}' has no meaning here", first.escape_debug())))
    }

    fn number(&mut self) -> Result<Token, FeelError> {
        let place = self.place;
        let mut digits = self.take_while(|next| next.is_ascii_digit());
        let mut ahead = self.rest.chars();
        if ahead.next() == Some('.') && ahead.next().is_some_and(|next| next.is_ascii_digit()) {
            self.bump();
            digits.push('.');
            digits += &self.take_while(|next| next.is_ascii_digit());
        }
        if self.peek().is_some_and(|next| next.is_alphanumeric() || next == '_') {
            return Err(self.place.error("a number ends in digits; names start with a letter"));
        }
        if digits.starts_with('.') {
            digits.insert(0, '0');
        }
        match Decimal::from_str_exact(&digits) {
            Ok(number) => Ok(Token::Number(number)),
            Err(_) => Err(place.error("the number has more than 28 digits")),
        }
    }

    fn text(&mut self) -> Result<Token, FeelError> {
        let start = self.place;
        self.bump();
        let mut text = String::new();
        loop {
            let place = self.place;
            match self.bump() {
                None | Some('\n') => return Err(start.error("the text has no closing quote")),
                Some('"') => return Ok(Token::Text(text)),
                Some('\\') => text.push(self.escape(place)?),
                Some(next) => text.push(next),
            }
        }
    }

    fn escape(&mut self, place: Place) -> Result<char, FeelError> {
        let hex_digits = match self.bump() {
            Some('"') => return Ok('"'),
            Some('\\') => return Ok('\\'),
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some('u') => 4,
            Some('U') => 6,
            _ => return Err(place.error("unknown escape; known are \\\" \\\\ \\n \\r \\t \\uXXXX \\UXXXXXX")),
        };
        let mut code = 0;
        for _ in 0..hex_digits {
            let digit = self.bump().and_then(|next| next.to_digit(16));
            code = code * 16
                + digit.ok_or_else(|| place.error(format!("{hex_digits} hexadecimal digits were expected")))?;
        }
        char::from_u32(code).ok_or_else(|| place.error("this code is not a character"))
    }
}
