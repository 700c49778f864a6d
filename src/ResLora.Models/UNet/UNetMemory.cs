using ResLora.Models.Memory;

namespace ResLora.Models.UNet;

/// <summary>What training keeps of a UNet for each picture. The layers are those that can be checkpointed.</summary>
/// <param name="config">The UNet.</param>
/// <param name="terms">How it is trained; its places are the numbers of a channel of latents.</param>
/// <param name="textTokens">S, the tokens of a text.</param>
internal sealed class UNetMemory(UNetConfig config, TrainingTerms terms, int textTokens)
{
    private const int NumbersOfExit = 3;

    private readonly int _last = config.Channels.Count - 1;

    /// <summary>The account.</summary>
    public MemoryAccount Account()
    {
        var blocks = Enumerable.Range(0, _last + 1);
        LayerAccount[] layers = [.. blocks.SelectMany(Down), Middle(), .. blocks.SelectMany(Up)];
        return new MemoryAccount
        {
            IsPerSample = true,
            Layers = [layers[0] with { IsFirst = true }, .. layers[1..]],
            // The last norm, SiLU and convolution keep their inputs.
            BehindLayers = NumbersOfExit * config.Channels[0] * Pixels(0) * terms.Width,
            Loss = _ => 0,
        };
    }

    private IEnumerable<LayerAccount> Down(int block)
    {
        var count = config.Layers.Of(block);
        for (var i = 0; i < count; i++)
        {
            var layer = Begin($"down_blocks.{block}.", Pixels(block));
            if ((block, i) == (0, 0))
            {
                layer.Time(config);
                layer.Convolution("conv_in", config.InChannels, Pixels(0));
            }

            layer.Residual(i, config.Channels[i == 0 ? Math.Max(block - 1, 0) : block], config.Channels[block], config.TimeWidth);
            if (config.DownBlocks[block] == UNetConfigProblems.CrossDown)
            {
                layer.Transformer(i, UNetTransformerShape.Of(config, block));
            }

            if (i == count - 1 && block < _last)
            {
                layer.Sampler("downsamplers.0.conv", config.Channels[block], Pixels(block), Pixels(block + 1));
            }

            yield return layer.Account();
        }
    }

    private LayerAccount Middle()
    {
        var layer = Begin("mid_block.", Pixels(_last));
        int width = config.Channels[_last];
        layer.Residual(0, width, width, config.TimeWidth);
        layer.Transformer(0, UNetTransformerShape.Of(config, _last));
        layer.Residual(1, width, width, config.TimeWidth);
        return layer.Account();
    }

    private IEnumerable<LayerAccount> Up(int block)
    {
        var level = _last - block;
        var inputs = UNetShape.UpInputs(config, block).ToArray();
        for (var i = 0; i < inputs.Length; i++)
        {
            var layer = Begin($"up_blocks.{block}.", Pixels(level));
            layer.Residual(i, inputs[i], config.Channels[level], config.TimeWidth);
            if (config.UpBlocks[block] == UNetConfigProblems.CrossUp)
            {
                layer.Transformer(i, UNetTransformerShape.Of(config, level));
            }

            if (i == inputs.Length - 1)
            {
                if (level > 0)
                {
                    layer.Sampler("upsamplers.0.conv", config.Channels[level], Pixels(level - 1), Pixels(level - 1));
                }
                else
                {
                    layer.Convolution("conv_out", config.Channels[0], Pixels(0));
                }
            }

            yield return layer.Account();
        }
    }

    private UNetLayerMemory Begin(string prefix, long pixels) => new(prefix, pixels, terms.Width, textTokens, config.WidensAttention);

    /// <summary>The pixels of a level, of latents whose sides can be halved as often.</summary>
    private long Pixels(int level) => terms.Places >> (2 * level);
}
