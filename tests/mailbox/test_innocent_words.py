"""Replies that condemn nobody, though they say what absence is said with: a line a reply.

They are about us, about the message, about somebody else than the recipient or about a passing
state, in Portuguese, Spanish and English. Sentences are our own, after RFC 5321 4.2.3, RFC 3463 and
the words that mail servers' manuals give to their faults.
"""

from __future__ import annotations

import pytest

from checks.mailbox.judge import judge_recipient
from checks.mailbox.reply import reply_of_diagnostic
from checks.mailbox.rules import Scope
from checks.model import Reason, Verdict
from data.reference.smtp_replies import load_reply_rules

INNOCENT = """
    550 5.7.1 Message rejected. See https://x
    550 Sender unknown
    550 unknown sender domain
    550 Your host does not exist in DNS
    550 domain of sender does not exist
    553 5.1.8 Domain of sender address x@y does not exist
    550 Unknown host
    450 Client host rejected: cannot find your hostname
    550 your mail server does not have a valid reverse dns
    550 invalid HELO name
    550 HELO argument does not match calling host
    550 Invalid sender
    550 SPF check failed: no such record
    550 mailbox is full, try later
    550 User account is overquota
    552 account over quota, mailbox unavailable
    550 mailbox temporarily disabled
    450 user unknown
    451 4.1.1 unknown user, try later
    550 system error, unknown
    550 Message contains invalid header
    550 invalid message: no valid From
    554 5.6.0 invalid mail format
    554 no valid recipients
    554 5.5.1 Error: no valid recipients
    550 invalid DKIM signature
    550 relaying to unknown domain not permitted
    550 blocked: listed in unknown list
    550 unknown command
    500 unknown command
    550 Sorry, your IP address could not be found in DNS
    550 host not found in DNS
    550 Your domain does not exist
    550 no such domain (sender)
    550 mail from unknown host rejected
    550 You are not a known user here, authenticate
    550 unauthenticated sender not found in directory
    550 Message blocked: sender account disabled
    550 The sending account has been suspended
    550 Your account is disabled
    550 Your mailbox has been suspended for sending
    550 Messages from your account are blocked
    550 SMTP service disabled
    550 Your server is blocked, no longer accepted
    550 your email address is not valid
    550 your address does not exist
    550 sender mailbox does not exist
    550 callback verification: user unknown
    550 your mail from address does not exist
    550 remetente não existe
    550 seu domínio não existe
    550 o remetente não foi encontrado
    550 su dominio no existe
    550 la cuenta del remitente no existe
    550 su dirección no existe
    550 Su cuenta está suspendida
    550 Sua conta está suspensa
    550 seu usuário não existe, autentique-se
    550 dominio do remetente nao encontrado
    550 usuário remetente bloqueado
    550 Service unavailable: unknown client
    550 Access denied, unknown IP
    550 Recipient limit exceeded
    550 mail rejected, invalid ptr
    550 Unable to verify address
    550 recipient verification temporarily unavailable
    550 could not verify recipient
    550 recipient address could not be verified
    550 Error processing recipient: unknown error
    550 Unknown error while delivering to user
    550 recipient rejected: invalid message format
    550 mailbox unavailable: unknown reason
    550 5.0.0 mailbox unavailable
    550 mail for this address is not accepted from your network
    550 address does not accept mail from you
    550 user does not accept mail from unknown senders
    550 Recipient does not accept messages from unknown senders
    550 this user only accepts mail from known contacts; you are unknown
    550 The recipient has disabled external mail
    550 The user has blocked you
    550 Recipient has blocked your address
    550 user has closed his mailbox to senders without DKIM
    550 mailbox locked by another process
    550 mailbox is locked, try again
    550 mailbox locked
    550 user mailbox is being moved, closed for maintenance
    550 account locked: delivery in progress
    550 mailbox closed for maintenance
    550 account temporarily disabled
    550 account is temporarily locked due to too many messages
    550 5.2.1 mailbox busy
    550 invalid credentials for user
    550 user authentication invalid
    550 your credentials are invalid: unknown user
    550 Authentication failed: unknown user or bad password
    535 5.7.8 unknown user
    530 user unknown
    550 no such command
    550 no account for relaying from your IP
    550 no user may relay through this host
    550 no recipient specified
    550 no such session
    550 no valid sender address
    550 domain is not hosted here
    550 we do not relay for that domain
    550 5.1.2 unable to lookup destination host
    550 5.4.4 unable to route: no mail hosts for domain
    550 could not resolve your host: host unknown
    550 Host unknown: your HELO name
    550 user quota check failed: unknown
    550 LDAP server not found, cannot verify user
    550 user lookup failed: directory not found
    550 recipient verification failed: server not found
    550 Callout to recipient host: connection refused, address not valid yet
    550 unable to verify recipient: backend unavailable
    550 database error: user table not found
    550 internal error: mailbox file not found
    550 internal server error, no such file or directory
    550 delivery failed: no such file or directory
    550 cannot open mailbox: permission denied
    550 can't find user database
    550 temporary: cannot find user
    550 certificate invalid for user
    550 invalid address family
    550 sorry, your address is invalid
    550 invalid address in From header
    550 the From address is not valid
    550 From: address does not exist
    550 header From address invalid
    550 invalid From: address
    550 Reply-To address not found
    550 message-id not found
    550 the address in the MAIL FROM does not exist
    550 bad address syntax in MAIL FROM
    553 sorry, your envelope sender is in my badmailfrom list
    553 5.1.7 bad sender's mailbox address syntax
    550 5.1.7 invalid address
    550 5.1.8 user unknown
    550 mailbox for sender not found
    550 Reverse lookup: no such name
    550 no such zone
    550 Account of the sending organisation expired
    550 Subscription expired
    550 licence expired: recipient limit
    550 recipient's subscription suspended for incoming mail until tomorrow
    550 incoming mail for this account is suspended, over quota
    550 account suspended: mailbox over quota
    550 5.1.1 user over quota
    550 5.1.1 mailbox full
    550 5.1.1 The user's inbox is full
    552 5.1.1 over quota
    550 5.1.1 <u@d.example> Quota exceeded
    550 5.2.2 user unknown
    552 5.2.2 no such user
    450 5.1.1 user unknown
    450 4.1.1 user unknown
    451 4.1.1 no such user
    550 5.7.1 user unknown
    550 5.7.1 no such user here
    554 5.7.1 <u@d.example>: Recipient address rejected: user unknown
    550 5.4.1 Access denied
    550 5.4.1 Recipient address rejected: Access denied
    550 5.4.1 relay access denied
    550 user u@d.example blocked by spamhaus
    550 mail from user unknown, listed at zen.spamhaus.org
    550 Blocked: sender of unknown reputation
    550 5.1.1 blocked using bl.spamcop.net
    550 5.1.1 your IP is blacklisted
    550 5.1.1 Too many invalid recipients
    550 5.1.1 too many unknown users from your IP
    550 too many unknown users
    550 5.1.1 Rejected due to policy
    550 5.1.1 message content rejected
    550 5.1.1 Sender verify failed
    550 5.1.1 sender unknown
    550 5.1.1 mail loop
    550 5.1.1 try again later
    550 5.1.1 temporary failure
    550 5.1.1 temporarily unavailable
    550 5.1.1 greylisted
    550 5.1.0 sender rejected
    550 5.1.0 Address rejected by policy
    550 Address rejected: blacklisted
    550 5.1.3 your address is invalid
    550 Usuário remetente desconhecido
    550 Remetente desconhecido
    550 Usuário não autenticado
    550 Usuário não autorizado
    550 usuário ou senha inválidos
    550 Usuário não tem permissão para receber de remetentes desconhecidos
    550 O destinatário não aceita mensagens de remetentes desconhecidos
    550 O usuário não recebe e-mails de domínios inexistentes
    550 Endereço IP inválido
    550 Endereço IP desconhecido
    550 Endereço do remetente inválido
    550 e-mail do remetente inexistente
    550 O e-mail do remetente não existe
    550 E-mail inválido: cabeçalho From ausente
    550 e-mail recusado: conteúdo inválido
    550 e-mail com anexo inválido
    550 E-mail bloqueado
    550 e-mail bloqueado por conter vírus
    550 e-mail bloqueado pelo destinatário
    550 endereço bloqueado para o seu IP
    550 conta bloqueada temporariamente
    550 conta temporariamente suspensa
    550 Conta suspensa temporariamente, tente mais tarde
    550 caixa em manutenção, bloqueada até amanhã
    550 caixa postal bloqueada por excesso de mensagens
    550 caixa bloqueada: cota excedida
    550 domínio do HELO não existe
    550 o seu domínio não foi encontrado
    550 não foi encontrado registro MX do seu domínio
    550 não existe registro PTR para o seu endereço
    550 não há reverso para o endereço
    550 não há espaço na caixa
    550 não há conexão com o servidor de contas
    550 nenhum destinatário válido informado
    550 nenhuma conta conectada
    550 nenhum e-mail aceito deste IP
    550 Host desconhecido
    550 servidor desconhecido
    550 comando desconhecido
    550 erro desconhecido ao entregar ao usuário
    550 erro desconhecido na caixa postal
    550 Erro interno: caixa postal desconhecido
    550 mensagem inválida para o destinatário
    550 destinatário recusou a mensagem: formato inválido
    550 destinatário recusou: remetente não cadastrado
    550 remetente não cadastrado na lista do destinatário
    550 Usuário excedeu limite
    550 certificado inválido
    550 usuario o contraseña inválidos
    550 Usuario no autenticado
    550 El usuario no acepta correos de remitentes desconocidos
    550 el destinatario no acepta mensajes de dominios inexistentes
    550 La dirección IP no es válida
    550 Dirección IP desconocida
    550 dirección IP no registrada
    550 la dirección IP no existe en DNS
    550 Correo rechazado: formato inválido
    550 correo bloqueado por contener virus
    550 correo bloqueado por el destinatario
    550 Correo inválido
    550 Correo no válido
    550 correo rechazado: encabezado inválido
    550 Cuenta bloqueada temporalmente
    550 cuenta suspendida temporalmente
    550 Buzón bloqueado por otra sesión
    550 no hay espacio en el buzón
    550 no existe registro PTR para su dirección
    550 no se encontró registro inverso de la dirección
    550 no hay conexión con el servidor de cuentas
    550 ningún usuario puede enviar desde su red
    550 error desconocido en el buzón
    550 usuario: error desconocido
    550 el dominio del HELO no existe
    550 servidor desconocido
    550 persona no autorizada
    550 dirección no permitida, dominio desconocido
    550 remitente no registrado
    550 el remitente no existe
    550 remitente inexistente
    550 El destinatario rechazó el mensaje: asunto inválido
    550 cuenta de correo del emisor inexistente
    550 This message was blocked because the address you sent from is unknown
    550 the recipient's server does not recognise your address
    550 we do not know you
    550 Unknown client
    550 You must use a valid user
    550 mail rejected: no account with us
    550 user requires a password; account inactive sessions closed
    550 Connection closed: user inactive
    550 session expired
    550 closing connection, user idle
    550 This account does not receive email
    550 This mailbox is not monitored
    550 This address is for sending only
    550 list closed to non members
    550 mailing list is closed: user not a member
    550 address suppressed: you are on user's deny list
    550 recipient not allowed
    550 recipient not permitted
    550 relay denied for unknown recipient domain
    550 user not local
    551 user not local; please try <x@y.example>
    551 5.7.1 forwarding to remote user not found
    550 forwarding failed: host unknown
    550 address expands to nothing
    550 list has no recipients
    550 alias loop: user not found in time
    550 timeout while looking up user: not found in cache
    550 user database not found
    550 address verification failed: server not found
    550 Recipient could not be found at this time
    550 User not found at this time, try again
    550 5.1.10 temporary
    550 5.5.1 unknown user command
    501 Syntax error: invalid address
    501 bad address syntax
    500 invalid address
    502 user unknown
    553 5.7.1 user unknown
    554 Transaction failed: unknown
    554 5.3.0 unknown mailer error 1
    554 5.0.0 Service unavailable; user unknown mailer error
    550 unknown mailer error
    555 invalid RCPT parameter
    550 user's mailbox server is unknown to this gateway
    550 Your message to this user was blocked
    550 this address is blocked for external senders
    550 user is not accepting mail from you
    550 mailbox is not accepting messages
    550 mailbox unavailable
    550 5.2.0 mailbox unavailable
    550 Requested action not taken: mailbox unavailable
    550 mailbox unavailable or access denied
    550 mailbox unavailable (not found or access denied)
    550 recipient inactive for spam reasons
    550 account blocked due to spam
    550 user blocked your domain
    550 recipient address blocked
    550 address blocked by recipient filter
    550 rejected by recipient
    550 Recipient address rejected: blocked
    550 recipient rejected
    550 RCPT rejected
    550 Address rejected
    550 address rejected temporarily
    550 we could not deliver to user, unknown transport
    550 unknown transport error for recipient
    550 user over size limit
    550 message too large for this user
    552 message size exceeds fixed limit for user
    550 user has exceeded incoming mail limit
    550 account exceeded its hourly limit of messages
    550 account limit reached
    550 destinatário excedeu o limite de mensagens
    550 usuário atingiu o limite diário
    550 conta em atraso, mensagens suspensas
    550 mensagens para este usuário estão suspensas temporariamente
    550 entrega suspensa para este endereço
    550 caixa postal em migração
    550 caixa postal indisponível
    550 caixa postal não disponível
    550 caixa postal inacessível no momento
    550 usuário indisponível
    550 usuário ausente
    550 usuário em férias
    550 servidor do destinatário não encontrado
    550 servidor do usuário inválido
    550 usuário não pode receber mensagens deste IP
    550 usuário não aceita mensagens
    550 endereço não permitido
    550 endereço de rede não é válido
    550 endereço de origem não existe
    550 endereço de origem inválido
    550 endereço de retorno inexistente
    550 e-mail de origem não encontrado
    550 conta de origem bloqueada
    550 conta de envio suspensa
    550 conta do emissor suspensa
    550 domínio suspenso
    550 domínio bloqueado
    550 domínio de origem não existe
    550 domínio expirado
    550 buzón no disponible
    550 buzón en mantenimiento
    550 usuario no disponible
    550 usuario de vacaciones
    550 dirección de origen no existe
    550 dirección de origen no válida
    550 dirección de retorno inexistente
    550 correo de origen no existe
    550 cuenta de origen suspendida
    550 cuenta de envío bloqueada
    550 dominio de origen no existe
    550 dominio suspendido
    550 dominio expirado
    550 el servidor del destinatario no existe
    550 el usuario no puede recibir mensajes de su dominio
    550 el usuario superó el límite de mensajes
    550 address of origin not found
    550 originating address not found
    550 origin domain does not exist
    550 source address invalid
    550 return address does not exist
    550 client address not found in DNS
    550 client IP address invalid
    550 reverse address lookup: name not found
    550 network address not valid
    550 peer address unknown
    550 remote address not listed
    550 connecting address not recognised
    550 domain suspended
    550 domain expired
    550 domain's mail service is suspended
    550 mail service for this domain is disabled
    550 SMTP disabled for this user
    550 smtp access for user disabled
    550 user has forwarding to invalid address
    550 user forwards to unknown host
    550 alias points to nonexistent address
    550 recipient's forwarding address not found
    550 vacation: user not reading mail
    550 address changed, user not here any more, new address follows
    550 recipient mailbox unreachable
    550 mailbox is offline
    550 storage for user unavailable
    550 user's home directory not found
    550 mailbox database not mounted, user not found in active store
    550 5.7.1 recipient not found in allowed list
    550 recipient not found in allow list
    550 user not found in whitelist
    550 address not listed in whitelist
    550 address not found in our list of allowed senders
    550 you are not in the user's address book
    550 not in recipient's contact list, address unknown
    550 challenge required: address unknown to recipient
    550 address not recognised, click to confirm
    550 Please register: your address is not known to user
"""


@pytest.mark.parametrize("text", [line.strip() for line in INNOCENT.strip().splitlines()])
def test_it_condemns_nobody(text: str) -> None:
    reply = reply_of_diagnostic(text)
    assert reply is not None
    ruling = judge_recipient(reply, "other", load_reply_rules())
    assert ruling.verdict is not Verdict.UNDELIVERABLE, ruling


# The bad mailbox of RFC 3463 in front, and words that tell of something else behind it.
BESIDE_A_FIRM_CODE = """
    El usuario no acepta correos de remitentes desconocidos
    Usuario rechaza mensajes de este remitente
    El destinatario no acepta su correo
    Destinatario recusou o e-mail
    Este usuario no recibe correos externos
    Este usuario solo recibe correos internos
    mensagem rejeitada pelo antispam
    rejected by antispam filter
    Serviço indisponível
    servicio no disponible
    service unavailable
    system unavailable
    Mailbox has exceeded the limit
    The recipient's mailbox has exceeded its limit
    Mailbox is over its size limit
    inbox too large
    Caixa cheia
    almacenamiento lleno
    out of space
    no space left
    No space left on device
    I/O error
    backend down
    cannot connect to database
    can't verify recipient
    could not verify user
    Unable to verify recipient
    cannot verify
    recipient could not be verified
    unable to check user
    Invalid address, could be spam
    no puede verificar el destinatario
    nao foi possivel verificar o destinatario
    recipient not yet verified
    please wait
    deferred
    not now
    delayed
    come back later
    vuelva mas tarde
    Unexpected failure
    mailbox on vacation
    user only accepts mail from known senders
    user accepts mail only from local users
    only local users may send here
    no mail from outside
    internal use only
    mail to this list from non-subscribers
    list closed for non-members
    protected by captcha
    Message refused
    connection refused
    Country blocked
    Geo-blocked
    bounce limit
    Daily limit
    daily quota exceeded
    hourly limit for this recipient reached
    Recipient rate exceeded
    dictionary attack detected
    directory harvest attack
    harvesting detected, go away
    bad reputation, user unknown
    bot detected
    user unknown because you are probing
    probing
    address verification not supported
    VRFY disallowed
    callbacks not welcome
    tarpit
    honeypot
    spamtrap
    service currently not available
    user does not accept mail from you
    blocked
    user database not found
    caixa postal em migração
    usuario de vacaciones
    domain suspended
    try again in 300 seconds
    volte a tentar em alguns minutos
"""


@pytest.mark.parametrize("text", [line.strip() for line in BESIDE_A_FIRM_CODE.strip().splitlines()])
@pytest.mark.parametrize("code", ["5.1.1", "5.1.10"])
def test_a_firm_code_condemns_nobody_beside_them(code: str, text: str) -> None:
    reply = reply_of_diagnostic(f"550 {code} {text}")
    assert reply is not None
    ruling = judge_recipient(reply, "other", load_reply_rules())
    assert ruling.verdict is not Verdict.UNDELIVERABLE, ruling


# Where code, enhanced code and words disagree: (reply, reason, whom it is about).
DISAGREEMENTS = [
    # The words speak for the address: a firm code gives way.
    ("550 5.1.1 <u@d.example> is over quota", Reason.MAILBOX_FULL, Scope.RECIPIENT),
    ("550 5.1.1 The user's inbox is full", Reason.MAILBOX_FULL, Scope.RECIPIENT),
    ("550 5.1.1 greylisted, come back later", Reason.GREYLISTED, Scope.RECIPIENT),
    ("550 5.1.1 too many unknown users from your IP", Reason.OUR_SIDE_BLOCKED, Scope.HOST),
    ("550 5.1.1 user u blocked by zen.spamhaus.org", Reason.OUR_SIDE_BLOCKED, Scope.HOST),
    ("550 5.1.1 Sender verify failed", Reason.OUR_SIDE_BLOCKED, Scope.SENDER),
    ("550 5.1.2 unable to look up destination host", Reason.TEMPORARY_FAILURE, Scope.RECIPIENT),
    # The words only fail to name a mailbox: a firm code holds.
    ("550 5.1.1 unknown reason", Reason.MAILBOX_NOT_FOUND, Scope.RECIPIENT),
    ("550 5.1.3 Bad recipient address syntax", Reason.MAILBOX_NOT_FOUND, Scope.RECIPIENT),
    ("550 5.1.1 mailbox unavailable", Reason.MAILBOX_NOT_FOUND, Scope.RECIPIENT),
    ("550 5.1.1", Reason.MAILBOX_NOT_FOUND, Scope.RECIPIENT),
    # A basic code about something else: the firm one needs words beside it.
    ("552 5.1.1", Reason.AMBIGUOUS_REPLY, Scope.RECIPIENT),
    ("552 5.1.1 no such user", Reason.MAILBOX_NOT_FOUND, Scope.RECIPIENT),
    ("521 5.1.1 no mail here", Reason.AMBIGUOUS_REPLY, Scope.RECIPIENT),
    # The code speaks for the address: words that condemn it do not count.
    ("552 5.2.2 no such user", Reason.MAILBOX_FULL, Scope.RECIPIENT),
    ("550 5.7.1 user unknown", Reason.POLICY_REFUSAL, Scope.RECIPIENT),
    ("550 5.7.1 invalid message format", Reason.POLICY_REFUSAL, Scope.HOST),
    ("550 5.1.8 user unknown", Reason.OUR_SIDE_BLOCKED, Scope.SENDER),
    ("550 5.4.1 Access denied", Reason.POLICY_REFUSAL, Scope.RECIPIENT),
    # A class of its own that is not the code's is none: the code and the words are left.
    ("450 5.1.1 user unknown", Reason.TEMPORARY_FAILURE, Scope.RECIPIENT),
    ("550 4.2.2 over quota", Reason.MAILBOX_FULL, Scope.RECIPIENT),
    ("550 4.1.1 user unknown", Reason.MAILBOX_NOT_FOUND, Scope.RECIPIENT),
    # A bare sentence: without a cause, a code or a name it is none.
    ("550 Address rejected", Reason.AMBIGUOUS_REPLY, Scope.RECIPIENT),
    ("550 5.1.0 Address rejected", Reason.MAILBOX_NOT_FOUND, Scope.RECIPIENT),
    ("550 <u@d.example>: Recipient address rejected", Reason.MAILBOX_NOT_FOUND, Scope.RECIPIENT),
]


@pytest.mark.parametrize(("text", "reason", "scope"), DISAGREEMENTS)
def test_codes_and_words_that_disagree(text: str, reason: Reason, scope: Scope) -> None:
    reply = reply_of_diagnostic(text)
    assert reply is not None
    ruling = judge_recipient(reply, "other", load_reply_rules())
    assert (ruling.reason, ruling.scope) == (reason, scope), ruling
