// The Bot API of telegram-test-api on 127.0.0.1: `node telegram.js PORT`.
//
// It is other people's reading of the Bot API. Where it stops short of what Telegram does, this goes on: dates
// are in seconds, a message tells of its link preview as an object, the webhook is called with its secret token, and
// a method in the webhook's answer is executed.
'use strict';

const TelegramServer = require('telegram-test-api');

class BotApi extends TelegramServer {
  addBotMessage(message, token) {
    const sent = super.addBotMessage(message, token);
    const preview = JSON.parse(sent.link_preview_options || '{}');
    return { ...sent, date: Math.floor(sent.date / 1000), link_preview_options: preview };
  }

  async addUserUpdate(update) {
    const webhook = this.webhooks[update.botToken];
    if (!webhook) throw new Error('no webhook is set');
    const answer = await fetch(webhook.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-telegram-bot-api-secret-token': webhook.secret_token,
      },
      body: JSON.stringify(TelegramServer.formatUpdate(update)),
    });
    this.updateId++;
    const { method, ...fields } = JSON.parse((await answer.text()) || '{}');
    if (method) await this.execute(update.botToken, method, fields);
    this.storage.userMessages.push({ ...update, answered: answer.status, executed: method || '' });
  }

  async execute(token, method, fields) {
    const answer = await fetch(`${this.config.apiURL}/bot${token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    });
    if (!answer.ok) throw new Error(`${method}: ${await answer.text()}`);
  }
}

new BotApi({ port: Number(process.argv[2]), host: '127.0.0.1' }).start();
