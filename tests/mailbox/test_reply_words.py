"""What the words of a reply mean, in Portuguese, Spanish and English, a line a reply.

Sentences are our own, after the catalogues that providers publish for senders and the texts that
RFC 5321 4.2.3 gives for each code. Codes are as vague as real ones: the words must decide.
"""

from __future__ import annotations

import pytest

from checks.mailbox.judge import judge_recipient
from checks.mailbox.reply import reply_of_diagnostic
from checks.model import Reason
from data.reference.smtp_replies import load_reply_rules

WORDS: dict[Reason, str] = {
    Reason.MAILBOX_NOT_FOUND: """
        550 5.1.1 <u@d.example>... User unknown
        550 5.1.1 User unknown; rejecting
        511 sorry, no mailbox here by that name (#5.1.1 - chkuser)
        550 sorry, no mailbox here by that name (#5.1.1 - chkusr)
        550 u@d.example: user unknown
        550 u... No such user
        550 5.1.1 RESOLVER.ADR.RecipNotFound; not found
        550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
        550 u@d.example User not found
        550 Mailbox does not exist
        550 MAILBOX NOT FOUND
        550 5.1.1 No such user - pp
        550 #5.1.0 Address rejected.
        550 5.1.0 Address rejected
        550 Invalid Recipient - https://community.example/docs
        550 cuda_nsu 5.1.1 <u@d.example>: Recipient address rejected: User unknown
        550 No such user (u@d.example) -ERR u@d.example not found
        550 Non-existent user
        550 <u@d.example> no such user here
        550 Recipient unknown
        550 unknown recipient
        550 5.1.1 unknown or illegal alias: u@d.example
        550 <u@d.example> is not a valid mailbox
        550 'u@d.example' is not a valid user
        550 Address unknown
        550 This user doesn't have a yahoo.com account
        554 delivery error: dd This user doesn't have an account here (u@d.example)
        550 5.1.1 Mailbox u not found
        550 Unknown local part u in <u@d.example>
        550 unknown local-part "u" in domain "d.example"
        550 Unrouteable address: no such local user
        550 account u does not exist
        550 the account does not exist
        550 user invalid
        550 5.2.1 u@d.example... Addressee unknown, relay=[192.0.2.1]
        550 5.1.1 Addressee unknown
        550 5.1.1 This email address does not exist
        550 recipient does not exist here
        550 Email address could not be found, or was misspelled
        550 The email address you entered couldn't be found
        550 Sorry, I wasn't able to find a mailbox by that name
        550 invalid address
        553 Invalid recipient address
        553 5.3.0 <u@d.example>... No such user here
        554 5.1.1 recipient not found
        550 This address no longer accepts mail
        550 This mailbox has been deleted
        550 the user has left the company
        550 u is no longer with us
        550 no longer valid
        550 no account by that name
        550 can't find recipient
        550 User's mailbox not present
        550 u@d.example not listed in Domino Directory
        550 User u (u@d.example) not listed in public Name & Address Book
        550 not a user here
        550 not our customer
        550 Bad destination mailbox address
        550 5.1.1 bad destination mailbox address
        550 5.1.3 bad recipient address syntax
        550 Recipient not accepted: user unknown
        550 no user here
        550 undeliverable address: host said user unknown
        550 account removed
        550 this user does not exist on this server
        550 mail for u@d.example rejected: unknown user
        550 user or domain not found
        550 Recipient address rejected: undeliverable address: User unknown
        550 Email account u@d.example does not exist
        550 RecipientNotFound
        550 unknown address
        550 permanent fatal errors: user unknown
        550 el usuario u no existe
        550 destinatario desconocido
        550 Usuário não cadastrado
        550 Caixa postal inexistente: u
        550 conta nao existe
        550 Este endereço não existe
        550 Usuário não encontrado
        550 Destinatário desconhecido neste servidor
        550 el buzon no existe
        550 direccion de correo no encontrada
        550 Dirección inexistente
        550 Mailbox nao existe
        550 email nao existe
        550 user nao existe
        550 Usuário desconhecido
        550 5.1.1 <u@d.example>: Destinatário não encontrado
        550 O endereço de e-mail não existe
        550 Não existe caixa postal com esse nome
        550 Conta inexistente
        550 Usuário inexistente neste servidor
        550 Esta conta de e-mail não existe mais
        550 Destinatário inválido
        550 Caixa postal não encontrada
        550 E-mail não cadastrado
        550 Nenhum usuário com este nome
        550 Conta de e-mail inválida
        550 Destinatário não localizado no domínio
        550 Usuario desconocido
        550 No existe ese usuario
        550 No existe dicha persona en este dominio
        550 La dirección de correo no existe
        550 El destinatario no existe
        550 La cuenta de correo no existe o fue eliminada
        550 Buzón inexistente
        550 Buzón no encontrado
        550 El usuario no se encuentra registrado
        550 Dirección de correo inválida
        550 Cuenta inexistente
        550 No hay ningún usuario con ese nombre
        550 Destinatario inválido
        550 No such user here
        550 No Such User Here
        550 Unrouteable address
        550 User unknown
        550 Unknown user
        550 Mailbox not found
        550 Recipient not found
        550 Addressee unknown
        550 Requested action not taken: mailbox not found
        550 invalid mailbox
        550 no mailbox here by that name
        550 Invalid recipient
        550 sorry, no mailbox here by that name. (#5.1.1)
        550 The email account that you tried to reach does not exist
        550 Recipient rejected: user does not exist
        553 no such user here (#5.1.1)
        550 account has been deleted
        550 Unable to find recipient
        550 Cannot find user
        550 5.1.1 unknown or illegal alias
        550 RCPT TO: user not known
        550 User not local or does not exist
        550 that user is not in our directory
        550 There is no such account
        550 not a valid mailbox
        550 does not have a mailbox here
        550 is not a known user
        550 is not a valid user at this site
        550 permanent failure for one or more recipients (u@d.example:550 no such user)
        550 The following recipients are invalid: u@d.example
        550 user not exists
        550 No one by that name here
        550 recipient not exist
        550 No such e-mail address
        550 No account found under this name
        550 5.1.1 The recipient does not exist, please check the address and try again later
        550 A conta não existe, verifique o endereço e tente novamente
        550 5.1.1 El buzón no existe: verifique la dirección e intente de nuevo
    """,
    Reason.MAILBOX_DISABLED: """
        550 Conta desativada
        550 Caixa postal suspensa
        550 Usuário bloqueado
        550 Conta cancelada por inatividade
        550 Conta inativa
        550 Esta conta está desabilitada
        550 5.2.1 Caixa postal desativada
        550 E-mail suspenso por falta de pagamento
        550 Conta encerrada
        550 Cuenta desactivada
        550 Buzón suspendido
        550 Cuenta deshabilitada
        550 Cuenta inactiva
        550 La cuenta ha sido cancelada
        550 La cuenta está suspendida
        550 Usuario bloqueado
        550 Buzón deshabilitado
        550 Esta cuenta fue dada de baja
        550 Mailbox disabled
        550 Account disabled
        550 This account has been suspended
        550 account is not active
        550 Account inactive
        550 5.2.1 The email account that you tried to reach is disabled
        550 mailbox is inactive
        550 user is inactive
        550 account closed
        550 This mailbox is disabled
        550 account locked
        550 inactive email address
    """,
    Reason.MAILBOX_FULL: """
        452 4.2.2 Caixa postal cheia
        552 Caixa postal lotada
        552 Cota excedida
        552 Quota de disco excedida
        552 Usuário sem espaço em disco
        552 Limite de armazenamento excedido
        552 Caixa de entrada cheia
        552 A caixa de correio do destinatário está cheia
        452 Espaço insuficiente na caixa postal
        552 Usuário excedeu a cota
        552 Conta sem espaço disponível
        552 Buzón lleno
        552 El buzón está lleno
        552 Cuota excedida
        552 Buzón del usuario lleno
        552 Cuenta sin espacio
        552 Espacio insuficiente
        552 La casilla está llena
        552 Límite de almacenamiento excedido
        552 El usuario excedió su cuota
        552 Cuota de disco superada
        552 Usuario sin espacio en disco
        552 Mailbox full
        552 Mailbox is full
        552 over quota
        552 Quota exceeded
        552 User is over quota
        452 4.2.2 The email account that you tried to reach is over quota
        552 mailbox size limit exceeded
        552 Requested mail action aborted: exceeded storage allocation
        552 5.2.2 storage quota exceeded
        552 user has exceeded disk quota
        552 The recipient's inbox is out of storage space
        552 message exceeds mailbox quota
    """,
    Reason.TEMPORARY_FAILURE: """
        451 Tente novamente mais tarde
        451 Serviço temporariamente indisponível
        451 Erro temporário
        451 Problema temporário no servidor
        451 Intente más tarde
        451 Servicio temporalmente no disponible
        451 Error temporal
        451 4.3.0 Temporary lookup failure
        451 Requested action aborted: local error in processing
        451 4.3.2 System not accepting network messages
        451 Temporary local problem - please try later
        450 mailbox unavailable
        450 4.2.0 mailbox busy
        550 Serviço temporariamente indisponível, tente mais tarde
        550 Error temporal, intente más tarde
        452 Insufficient system storage
    """,
    Reason.GREYLISTED: """
        451 Greylisted
        450 4.2.0 Greylisted, see http://x
        451 4.7.1 Greylisting in action, please come back later
        451 Lista cinza: tente novamente em 5 minutos
        451 Lista gris, vuelva a intentar en 5 minutos
        450 4.7.1 Graylisted
        451 You have been greylisted
        451 Endereço em greylist
        450 greylisting ativado
        450 Servidor en lista gris
        451 first time sender, please retry
        550 Greylisted for 300 seconds
    """,
    Reason.RATE_LIMITED: """
        421 Too many connections
        450 4.7.1 Too many messages, try again later
        452 4.5.3 Too many recipients
        450 Muitas conexões simultâneas
        450 Limite de mensagens excedido
        450 Excesso de mensagens
        450 Taxa de envio excedida
        450 Muitas tentativas, tente mais tarde
        450 Número máximo de conexões atingido
        550 Limite de destinatários excedido
        450 Demasiadas conexiones
        450 Límite de mensajes excedido
        450 Exceso de mensajes
        450 Límite de envíos por hora superado
        450 Demasiados destinatarios
        450 Número máximo de conexiones alcanzado
        450 Tasa de envío excedida
        421 4.7.28 unusual rate of unsolicited mail
        421 concurrent connection limit exceeded
        450 rate limit exceeded
        451 throttled
        421 you have reached the maximum number of messages
        550 sending too fast
        550 hourly limit reached
    """,
    Reason.OUR_SIDE_BLOCKED: """
        550 Seu IP está bloqueado
        550 IP bloqueado por reputação
        550 Seu servidor está em uma lista negra
        550 DNS reverso inválido
        550 reverso não configurado
        550 Seu IP não tem DNS reverso
        554 Bloqueado pelo Spamhaus
        550 IP com má reputação
        550 Remetente rejeitado
        550 Remetente inválido
        550 Domínio do remetente não existe
        550 O IP foi listado em RBL
        550 IP na lista de bloqueio
        550 Su IP está bloqueada
        550 Su servidor se encuentra en una lista negra
        550 Su dirección IP está en una lista de bloqueo
        550 DNS inverso no configurado
        550 IP sin registro inverso
        550 Remitente rechazado
        550 El dominio del remitente no existe
        550 IP con mala reputación
        550 Servidor bloqueado por listas negras
        550 falla SPF
        550 rejected because 192.0.2.1 is in a black list at zen.example
        550 blocked using bl.spamcop.net
        554 Your IP has been blocked
        550 no reverse DNS
        550 Client host rejected: cannot find your hostname
        550 sender address rejected: Domain not found
        550 poor reputation
        554 5.7.1 IP address is listed
        550 5.7.23 SPF validation failed
        550-Verification failed for <probe@x.example>
        550 Sender verify failed
    """,
    Reason.POLICY_REFUSAL: """
        550 Mensagem rejeitada por política
        550 Mensagem recusada por conteúdo
        550 Acesso negado
        550 Relay não permitido
        550 Mensagem bloqueada pelo antispam
        550 Mensagem identificada como spam
        550 Não autorizado
        550 Autenticação requerida
        550 Mensaje rechazado por política
        550 Mensaje rechazado por contenido
        550 Acceso denegado
        550 No se permite el relay
        550 Mensaje bloqueado por antispam
        550 No autorizado
        550 Se requiere autenticación
        550 No está permitido enviar a este destinatario
        550 5.7.1 Delivery not authorized
        550 relay not permitted
        550 administrative prohibition
        550 message rejected due to content restrictions
        550 access denied
        550 authentication required
        550 message contains a virus
        550 You are not allowed to send to this address
        550 rejected by policy
        550 denied by policy
        550 5.7.1 Message rejected due to security policies
        550 only members may post
        550 restricted to internal senders
        550 not permitted to send
    """,
}

CASES = [
    pytest.param(line.strip(), reason, id=f"{reason}: {line.strip()}")
    for reason, lines in WORDS.items()
    for line in lines.strip().splitlines()
]


@pytest.mark.parametrize(("text", "reason"), CASES)
def test_words_mean_their_reason(text: str, reason: Reason) -> None:
    reply = reply_of_diagnostic(text)
    assert reply is not None
    ruling = judge_recipient(reply, "other", load_reply_rules())
    assert ruling.reason is reason, ruling


CONDEMNING = {Reason.MAILBOX_NOT_FOUND, Reason.MAILBOX_DISABLED}


@pytest.mark.parametrize(("text", "reason"), CASES)
def test_the_same_words_with_a_4xx_condemn_nobody(text: str, reason: Reason) -> None:
    reply = reply_of_diagnostic(f"4{text[1:]}".replace(" 5.", " 4."))
    assert reply is not None
    ruling = judge_recipient(reply, "other", load_reply_rules())
    assert ruling.reason not in CONDEMNING, (ruling, reason)
