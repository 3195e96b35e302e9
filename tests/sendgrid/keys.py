"""A key of SendGrid's shape, made up."""

KEY = "SG.AAAAtestAAAA.BBBBmadeBBBBupBBBB"
