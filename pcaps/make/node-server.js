// node-server.js PORT OPTIONS CERT KEY - a TLS server for any node since 0.8: answers whatever it is sent with one line of HTTP.
var tls = require('tls'), fs = require('fs');
var options = JSON.parse(process.argv[3]);
options.cert = fs.readFileSync(process.argv[4]);
options.key = fs.readFileSync(process.argv[5]);
if (options.dhparam)
    options.dhparam = fs.readFileSync(options.dhparam);
var server = tls.createServer(options, function (socket) {
    socket.on('error', function () {});
    socket.on('data', function () { socket.end('HTTP/1.0 200 OK\r\n\r\nhello\n'); });
});
server.on('clientError', function (e) { console.log('server error ' + e.message); });
server.on('tlsClientError', function (e) { console.log('server error ' + e.message); });
server.listen(+process.argv[2], '0.0.0.0');
