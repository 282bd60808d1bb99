// node-client.js HOST PORT OPTIONS - a TLS client for any node since 0.8: one request, prints what was negotiated.
var tls = require('tls');
var options = JSON.parse(process.argv[4]);
options.host = process.argv[2];
options.port = +process.argv[3];
options.rejectUnauthorized = false;
if (options.servername === undefined)
    options.servername = 'www.example.test';
if (options.servername === '')
    delete options.servername;
var socket = tls.connect(options, function () {
    var cipher = socket.getCipher();
    console.log('client node ' + process.versions.node + ' openssl ' + process.versions.openssl + ': ' + cipher.name + ' ' +
        (socket.getProtocol ? socket.getProtocol() : cipher.version) + (socket.npnProtocol ? ' npn ' + socket.npnProtocol : ''));
    socket.write('GET / HTTP/1.0\r\n\r\n');
});
socket.on('error', function (e) { console.log('client error ' + e.message); process.exit(1); });
socket.on('data', function () {});
socket.on('end', function () { setTimeout(function () { process.exit(0); }, 100); });
setTimeout(function () { process.exit(0); }, 3000);
