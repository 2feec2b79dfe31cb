'use strict';
require('./launch.cjs').post('setup-codeql-cache');
