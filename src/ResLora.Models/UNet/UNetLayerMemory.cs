using ResLora.Models.Memory;

namespace ResLora.Models.UNet;

/// <summary>
/// Adds up what autograd keeps of a layer of a UNet, operation by operation, for one picture. A norm keeps its input, SiLU and a
/// convolution of more than one pixel too, whether trained or not; letters as in <see cref="EagerMemory"/>.
/// </summary>
/// <param name="prefix">What the names of its modules begin with, dot included.</param>
/// <param name="pixels">T, the pixels of its pictures.</param>
/// <param name="width">w.</param>
/// <param name="textTokens">S, the tokens of a text.</param>
/// <param name="widens">Whether attention is computed in float32.</param>
internal sealed class UNetLayerMemory(string prefix, long pixels, int width, long textTokens, bool widens)
{
    // What passes through a transformer at most: the gradients of the gated linear layer's two halves, of both together, and of its output.
    private const int PassingWidths = 17;

    // Of a residual block: both gradients of a convolution, again in the order in which it computes, and that of the sum.
    private const int PassingCopies = 3;

    private readonly List<LinearInput> _inputs = [];
    private long _input;
    private long _kept;
    private long _passing;

    /// <summary>The layer.</summary>
    public LayerAccount Account() => new(_input, _kept, 0, _passing, _inputs) { Prefix = "" };

    /// <summary>The embedding of the time.</summary>
    public void Time(UNetConfig config)
    {
        Read("time_embedding.linear_1", config.Channels[0], 1);
        Read("time_embedding.linear_2", config.TimeWidth, 1);
    }

    /// <summary>A convolution by itself, whose input is counted elsewhere.</summary>
    public void Convolution(string name, long inputs, long outputPixels) => ReadKept(name, inputs, outputPixels);

    /// <summary>A convolution behind the layer that makes pictures smaller or larger; it is not checkpointed.</summary>
    public void Sampler(string name, long channels, long inputPixels, long outputPixels)
    {
        ReadKept(prefix + name, channels, outputPixels);
        var kept = channels * inputPixels * width;
        _input += kept;
        _kept += kept;
    }

    /// <summary>A residual block.</summary>
    public void Residual(int place, long inputs, long outputs, long timeWidth)
    {
        var name = $"{prefix}resnets.{place}.";
        if (_input == 0)
        {
            _input = Numbers(inputs);
        }

        _kept += 2 * Numbers(inputs);   // norm and SiLU
        ReadKept(name + "conv1", inputs, pixels);
        _kept += Numbers(inputs);
        Read(name + "time_emb_proj", timeWidth, 1);
        _kept += 2 * Numbers(outputs);   // norm and SiLU
        ReadKept(name + "conv2", outputs, pixels);
        _kept += Numbers(outputs);
        if (inputs != outputs)
        {
            Read(name + "conv_shortcut", inputs, pixels);
        }

        _passing = Math.Max(_passing, PassingCopies * Numbers(inputs + outputs));
    }

    /// <summary>A transformer.</summary>
    public void Transformer(int place, UNetTransformerShape shape)
    {
        var name = $"{prefix}attentions.{place}.";
        _kept += Numbers(shape.Width);   // norm
        Read(name + "proj_in", shape.Width, pixels);
        for (var i = 0; i < shape.Layers; i++)
        {
            Layer($"{name}transformer_blocks.{i}.", shape);
        }

        Read(name + "proj_out", shape.Width, pixels);
        _passing = Math.Max(_passing, PassingWidths * Numbers(shape.Width));
    }

    private void Layer(string name, UNetTransformerShape shape)
    {
        var inside = 4 * shape.Width;
        LayerNorm(shape.Width);
        Read([name + "attn1.to_q", name + "attn1.to_k", name + "attn1.to_v"], shape.Width, pixels);
        Attention(name + "attn1.", shape, pixels);
        LayerNorm(shape.Width);
        Read(name + "attn2.to_q", shape.Width, pixels);
        // One text for all layers, which belongs to the batch.
        Add([name + "attn2.to_k", name + "attn2.to_v"], shape.Text, textTokens, isKeptAnyway: true);
        Attention(name + "attn2.", shape, textTokens);
        LayerNorm(shape.Width);
        Read(name + "ff.net.0.proj", shape.Width, pixels);
        _kept += 3 * Numbers(inside);   // values and gates, which are one tensor, and what GELU makes of the gates
        Read(name + "ff.net.2", inside, pixels);
    }

    /// <summary>
    /// Query and output of each pixel with the logarithm of its softmax's sum, key and value of each place that it looks at.
    /// </summary>
    private void Attention(string name, UNetTransformerShape shape, long places)
    {
        var bytes = widens ? EagerMemory.FloatBytes : width;
        _kept += (2 * shape.Width * bytes * (pixels + places)) + (shape.Heads * EagerMemory.FloatBytes * pixels);
        Add([name + "to_out.0"], shape.Width, pixels, isKeptAnyway: bytes == width);
    }

    private void LayerNorm(long channels) => _kept += Numbers(channels) + (2 * EagerMemory.FloatBytes * pixels);

    private void Read(string name, long features, long rows) => Read([name], features, rows);

    private void Read(string[] names, long features, long rows) => Add(names, features, rows, isKeptAnyway: false);

    private void ReadKept(string name, long features, long rows) => Add([name], features, rows, isKeptAnyway: true);

    private void Add(string[] names, long features, long rows, bool isKeptAnyway) =>
        _inputs.Add(new LinearInput(features, names) { Rows = rows, Before = _kept, IsKeptAnyway = isKeptAnyway });

    private long Numbers(long channels) => channels * pixels * width;
}
