console.log(require('shout')('hello from ' + process.env.NODE_ENV));
