'use strict';
require('./launch.cjs').post('setup-github-cache');
