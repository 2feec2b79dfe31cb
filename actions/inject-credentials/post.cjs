'use strict';
require('./launch.cjs').post('inject-credentials');
