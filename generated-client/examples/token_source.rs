//! Access tokens from elsewhere: here a file that another program keeps up to date.
//!
//! `cargo run -p clear-street --example token_source`; with `-- --live` the file is the one that
//! `TOKEN_FILE` names.
#![allow(clippy::print_stdout, reason = "a program for people")]

mod setting;

use std::path::PathBuf;
use std::time::Duration;

use clear_street::authentication::{Token, TokenError, TokenFuture, TokenRequest, TokenSource};
use clear_street::studio::Client;

use setting::{Failure, Setting};

/// A file with a token in it.
struct TokenFile(PathBuf);

impl TokenSource for TokenFile {
    fn fetch<'a>(&'a self, request: &'a TokenRequest) -> TokenFuture<'a> {
        Box::pin(async move {
            let text = std::fs::read_to_string(&self.0).map_err(TokenError::new)?;
            println!(
                "read a token for {}",
                if request.base_url().contains("127.0.0.1") { "the mock" } else { "Clear Street" }
            );
            // It is asked for again before this is over, and whenever the server refuses the token.
            Ok(Token::new(text.trim()).expires_in(Duration::from_secs(3600)))
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let setting = Setting::choose().await?;
    let Some(mock) = &setting.mock else {
        let file = std::env::var_os("TOKEN_FILE").ok_or("TOKEN_FILE is not set")?;
        let client = Client::builder().token_source(TokenFile(file.into())).build()?;
        return list(&client).await;
    };

    let file = std::env::temp_dir().join(format!("token-{}", std::process::id()));
    std::fs::write(&file, mock.tokens().issue())?;
    let source = TokenFile(file.clone());
    let client = Client::builder().token_source(source).base_url(mock.studio_url()).build()?;
    list(&client).await?;

    // The token ends, and another program has written the next one.
    mock.tokens().expire_all();
    std::fs::write(&file, mock.tokens().issue())?;
    list(&client).await?;
    std::fs::remove_file(file)?;
    Ok(())
}

async fn list(client: &Client) -> Result<(), Failure> {
    for account in client.accounts().list_accounts().send().await?.data {
        println!("{} {}", account.account_id, account.name);
    }
    Ok(())
}
