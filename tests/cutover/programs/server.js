// An HTTPS-like server of any node since 0.8: server.js IP PORT OPTIONS; key, cert, dhparam and ca are file names.
var tls = require('tls'), fs = require('fs'), o = JSON.parse(process.argv[4]);
['dhparam', 'ca'].forEach(function (k) { if (o[k]) o[k] = fs.readFileSync(o[k]); });
['key', 'cert'].forEach(function (k) {
    o[k] = Array.isArray(o[k]) ? o[k].map(function (f) { return fs.readFileSync(f); }) : fs.readFileSync(o[k]);
});
var s = tls.createServer(o, function (c) {
    c.on('error', function () {});
    c.on('data', function () { c.end('HTTP/1.0 200 OK\r\n\r\nhi\n'); });
});
s.on('clientError', function () {});
s.on('tlsClientError', function () {});
process.on('uncaughtException', function (e) { console.error(e.message); });
s.listen(+process.argv[3], process.argv[2]);
