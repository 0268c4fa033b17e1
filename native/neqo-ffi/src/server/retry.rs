//! When a client must show that it receives at its address before anything is kept for it (RFC 9000 8.1.2).

use std::{
    cell::RefCell,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use neqo_transport::{server::ValidateAddress, AddressValidation, AddressValidationResult};

use crate::{
    constants::{NEQO_RETRY_ALWAYS, NEQO_RETRY_LOAD, NEQO_RETRY_NEVER},
    InitError,
};

/// Load is measured over periods of this length.
const PERIOD: Duration = Duration::from_secs(1);
/// For how long a key protects tokens. neqo's tokens of NEW_TOKEN frames live for a day, and its clock for 49 days. A client
/// whose token has lost its key is asked for its address again.
const KEY_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    Never,
    Always,
    /// From `on_above` incomplete handshakes on, until there are fewer than `off_below` and fewer than `on_above` clients a
    /// second ask without a token: a flood that Retry holds off leaves no handshakes to count.
    Load {
        on_above: usize,
        off_below: usize,
    },
}

impl Policy {
    pub fn new(policy: u32, on_above: u32, off_below: u32) -> Result<Self, InitError> {
        match policy {
            NEQO_RETRY_NEVER => Ok(Self::Never),
            NEQO_RETRY_ALWAYS => Ok(Self::Always),
            NEQO_RETRY_LOAD if off_below > on_above => Err(InitError::new(format!(
                "retryOffBelow {off_below} is above retryOnAbove {on_above}"
            ))),
            NEQO_RETRY_LOAD => Ok(Self::Load {
                on_above: on_above as usize,
                off_below: off_below as usize,
            }),
            _ => Err(InitError::new("retryPolicy is not known")),
        }
    }
}

/// Decides, and makes and checks tokens.
pub struct Retry {
    policy: Policy,
    active: bool,
    validation: Rc<RefCell<AddressValidation>>,
    key_made: Instant,
    period_began: Instant,
    /// Initials without a token in this period, and in the one before.
    asked: usize,
    asked_before: usize,
    /// Initials in this period that turned out to be none.
    forged: usize,
}

impl Retry {
    pub fn new(policy: Policy, now: Instant) -> Result<Self, InitError> {
        let validation = AddressValidation::new(now, ValidateAddress::Never)
            .map_err(|e| InitError::new(format!("neqo: {e:?}")))?;
        let mut retry = Self {
            policy,
            active: false,
            validation: Rc::new(RefCell::new(validation)),
            key_made: now,
            period_began: now,
            asked: 0,
            asked_before: 0,
            forged: 0,
        };
        retry.set_policy(policy);
        Ok(retry)
    }

    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
        self.switch(policy == Policy::Always);
    }

    pub const fn active(&self) -> bool {
        self.active
    }

    /// For connections, which make tokens of NEW_TOKEN frames with it.
    pub const fn validation(&self) -> &Rc<RefCell<AddressValidation>> {
        &self.validation
    }

    /// What is to be done with an Initial while `pending` handshakes are incomplete.
    pub fn judge(
        &mut self,
        token: &[u8],
        source: SocketAddr,
        pending: usize,
        now: Instant,
    ) -> AddressValidationResult {
        self.turn(now);
        if token.is_empty() {
            self.asked += 1;
        }
        self.update(pending);
        self.validation.borrow().validate(token, source, now)
    }

    /// A connection was made for an Initial that had nothing valid in it. Such ones leave no handshakes to count either.
    pub fn note_forged(&mut self) {
        self.forged += 1;
    }

    /// Looks at the load again.
    pub fn refresh(&mut self, pending: usize, now: Instant) {
        self.turn(now);
        self.update(pending);
    }

    /// Ends periods that are over.
    fn turn(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.period_began);
        if elapsed >= PERIOD {
            self.asked_before = if elapsed < 2 * PERIOD { self.asked } else { 0 };
            self.asked = 0;
            self.forged = 0;
            self.period_began = now;
        }
        if now.saturating_duration_since(self.key_made) >= KEY_LIFE {
            self.renew_key(now);
        }
    }

    fn renew_key(&mut self, now: Instant) {
        self.key_made = now;
        // Without a new one the old one goes on.
        if let Ok(validation) = AddressValidation::new(now, ValidateAddress::Never) {
            self.validation = Rc::new(RefCell::new(validation));
            self.switch(self.active);
        }
    }

    fn update(&mut self, pending: usize) {
        let Policy::Load {
            on_above,
            off_below,
        } = self.policy
        else {
            return;
        };
        if !self.active && pending + self.forged >= on_above {
            self.switch(true);
        } else if self.active && pending < off_below && self.asked.max(self.asked_before) < on_above
        {
            self.switch(false);
        }
    }

    fn switch(&mut self, active: bool) {
        self.active = active;
        self.validation.borrow_mut().set_validation(if active {
            ValidateAddress::NoToken
        } else {
            ValidateAddress::Never
        });
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::SocketAddr,
        time::{Duration, Instant},
    };

    use neqo_transport::AddressValidationResult;

    use super::{Policy, Retry};
    use crate::constants::{NEQO_RETRY_ALWAYS, NEQO_RETRY_LOAD};

    const LOAD: Policy = Policy::Load {
        on_above: 10,
        off_below: 5,
    };

    fn source() -> SocketAddr {
        "127.0.0.1:4433".parse().unwrap()
    }

    fn passes(retry: &mut Retry, pending: usize, now: Instant) -> bool {
        matches!(
            retry.judge(&[], source(), pending, now),
            AddressValidationResult::Pass
        )
    }

    #[test]
    fn load_switches_it_on_and_off() {
        crate::nss::init().unwrap();
        let now = Instant::now();
        let mut retry = Retry::new(LOAD, now).unwrap();
        assert!(passes(&mut retry, 9, now));
        for _ in 0..10 {
            assert!(!passes(&mut retry, 10, now));
        }
        // Handshakes went away, but they came in numbers.
        assert!(!passes(&mut retry, 0, now));
        let later = now + Duration::from_secs(1);
        assert!(!passes(&mut retry, 0, later), "the second before counts");
        assert!(passes(&mut retry, 0, later + Duration::from_secs(1)));
    }

    #[test]
    fn always_asks_and_takes_its_own_token() {
        crate::nss::init().unwrap();
        let now = Instant::now();
        let policy = Policy::new(NEQO_RETRY_ALWAYS, 0, 0).unwrap();
        let mut retry = Retry::new(policy, now).unwrap();
        assert!(!passes(&mut retry, 0, now));
        let token = retry
            .validation()
            .borrow()
            .generate_retry_token(&[7; 8][..].into(), source(), now)
            .unwrap();
        assert!(matches!(
            retry.judge(&token, source(), 0, now),
            AddressValidationResult::ValidRetry(id) if id[..] == [7; 8]
        ));
        let elsewhere = "127.0.0.2:4433".parse().unwrap();
        assert!(matches!(
            retry.judge(&token, elsewhere, 0, now),
            AddressValidationResult::Invalid
        ));
    }

    #[test]
    fn keys_are_renewed() {
        crate::nss::init().unwrap();
        let now = Instant::now();
        let mut retry = Retry::new(Policy::Always, now).unwrap();
        for days in (0..100).step_by(8) {
            let then = now + Duration::from_secs(days * 24 * 60 * 60);
            assert!(!passes(&mut retry, 0, then));
            let token = retry
                .validation()
                .borrow()
                .generate_retry_token(&[7; 8][..].into(), source(), then)
                .unwrap();
            assert!(matches!(
                retry.judge(&token, source(), 0, then),
                AddressValidationResult::ValidRetry(_)
            ));
        }
    }

    #[test]
    fn thresholds_must_be_in_order() {
        assert!(Policy::new(NEQO_RETRY_LOAD, 5, 6).is_err());
        assert!(Policy::new(99, 0, 0).is_err());
    }
}
