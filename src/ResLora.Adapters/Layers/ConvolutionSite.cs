using ResLora.Formats.Errors;
using ResLora.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Layers;

/// <summary>
/// A convolution in one or two dimensions: W is [Dout, Cin / groups · kernel]. With factors of low rank A is a convolution like the layer's
/// own with R outputs, and B one with a kernel of 1.
/// </summary>
/// <param name="name">The layer's dotted name.</param>
/// <param name="layer">The layer, borrowed: a Conv1d or a Conv2d.</param>
public sealed class ConvolutionSite(string name, Convolution layer) : LayerSite(name, layer)
{
    private readonly long[] _shape = layer.weight.shape;

    private int Dimensions => _shape.Length - 2;

    /// <inheritdoc />
    public override string Kind => "convolution";

    /// <inheritdoc />
    public override Tensor Weight => layer.weight;

    /// <inheritdoc />
    public override Tensor? Bias => layer.bias;

    /// <inheritdoc />
    public override long OutFeatures => _shape[0];

    /// <inheritdoc />
    public override long InFeatures => _shape[1..].Aggregate((a, b) => a * b);

    /// <inheritdoc />
    public override string Geometry => string.Join(", ",
    [
        $"kernel {Sizes(layer.kernel_size)}", $"stride {Sizes(layer.stride)}",
        $"padding {(layer.padding is { } padding ? Sizes(padding) : $"{layer.padding_type}".ToLowerInvariant())}",
        $"dilation {Sizes(layer.dilation)}", $"groups {layer.groups}", $"padded with {layer.padding_mode}".ToLowerInvariant(),
    ]);

    /// <inheritdoc />
    public override Tensor Product(Tensor input, Tensor weight)   // [B, Cin, ...] -> [B, Dout, ...]
    {
        using var scope = NewDisposeScope();
        long[] none = [.. layer.stride.Select(_ => 0L)];
        return layer is { padding: { } padding, padding_mode: PaddingModes.Zeros }
            ? Convolve(input, weight, layer.stride, padding, layer.dilation, layer.groups).MoveToOuterDisposeScope()
            : Convolve(nn.functional.pad(input, Margins(), layer.padding_mode), weight, layer.stride, none, layer.dilation, layer.groups)
                .MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override Tensor Down(Tensor input, Tensor a) => Product(input, a);   // [B, Cin, ...] -> [B, R, ...]

    /// <inheritdoc />
    public override Tensor Up(Tensor low, Tensor b)   // [B, R, ...] -> [B, Dout, ...]
    {
        long[] one = [.. layer.stride.Select(_ => 1L)];
        long[] none = [.. layer.stride.Select(_ => 0L)];
        return Convolve(low, b, one, none, one, groups: 1);
    }

    /// <inheritdoc />
    /// <exception cref="ConfigException">The layer has groups, or is padded with something else than zeros.</exception>
    public override long[] ShapeOfA(long rank)
    {
        // PEFT's A reads all channels and pads with zeros, whatever the layer does.
        var problem = layer.groups > 1
            ? $"{layer.groups} groups"
            : layer.padding_mode != PaddingModes.Zeros ? $"{layer.padding_mode.ToString().ToLowerInvariant()} padding" : null;
        return problem is null
            ? [rank, .. _shape[1..]]
            : throw new ConfigException(
                $"'{Name}' is a convolution with {problem}, which factors of low rank do not fit (PEFT's could not be merged); "
                + "exclude it (adapter.exclude).");
    }

    /// <inheritdoc />
    public override long[] ShapeOfB(long rank) => [OutFeatures, rank, .. layer.stride.Select(_ => 1L)];

    /// <inheritdoc />
    public override Tensor Matrix(Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return weight.flatten(1);   // [Dout, Cin, ...] -> [Dout, Din]
    }

    /// <inheritdoc />
    public override Tensor OfMatrix(Tensor matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return matrix.reshape(_shape);   // [Dout, Din] -> [Dout, Cin, ...]
    }

    /// <inheritdoc />
    public override Tensor PerOutput(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.reshape([1, OutFeatures, .. layer.stride.Select(_ => 1L)]);   // [Dout] -> [1, Dout, 1, ...]
    }

    /// <inheritdoc />
    public override (nn.Module<Tensor, Tensor> Layer, Parameter Weight) WithWeight(Tensor weight)
    {
        var plain = Plain();
        var parameter = Frozen(weight);
        plain.weight = parameter;
        if (layer.bias is not null)
        {
            plain.bias = layer.bias;
        }

        return (plain, parameter);
    }

    private Convolution Plain()
    {
        if (layer is PictureConvolution picture)
        {
            return picture.Like();
        }

        var hasBias = layer.bias is not null;
        Convolution plain = Dimensions == 1
            ? nn.Conv1d(
                layer.in_channels, layer.out_channels, layer.kernel_size[0], layer.stride[0], dilation: layer.dilation[0],
                padding_mode: layer.padding_mode, groups: layer.groups, bias: hasBias, device: META)
            : nn.Conv2d(
                layer.in_channels, layer.out_channels, Pair(layer.kernel_size), Pair(layer.stride), dilation: Pair(layer.dilation),
                padding_mode: layer.padding_mode, groups: layer.groups, bias: hasBias, device: META);
        if (layer.padding is { } padding)
        {
            plain.SetPadding(padding);
        }
        else
        {
            plain.SetPadding(layer.padding_type!.Value);
        }

        return plain;
    }

    private Tensor Convolve(Tensor input, Tensor weight, long[] stride, long[] padding, long[] dilation, long groups)
    {
        if (Dimensions == 1)
        {
            using var scope = NewDisposeScope();
            var picture = ConvolvePictures(
                input.unsqueeze(2), weight.unsqueeze(2), [1, .. stride], [0, .. padding], [1, .. dilation], groups);   // [B, Dout, 1, L']
            return picture.squeeze(2).MoveToOuterDisposeScope();
        }

        return ConvolvePictures(input, weight, stride, padding, dilation, groups);
    }

    private static Tensor ConvolvePictures(Tensor input, Tensor weight, long[] stride, long[] padding, long[] dilation, long groups) =>
        groups == 1
        ? PictureProduct.Of(input, weight, bias: null, stride, padding, dilation)
        : nn.functional.conv2d(input, weight, strides: stride, padding: padding, dilation: dilation, groups: groups);

    /// <summary>What is put around an input, the last dimension first, in front and behind.</summary>
    private long[] Margins() => [.. Enumerable.Range(0, Dimensions).Reverse().SelectMany(Margin)];

    private long[] Margin(int dimension)
    {
        if (layer.padding is { } padding)
        {
            return [padding[dimension], padding[dimension]];
        }

        var whole = layer.padding_type == Padding.Same ? layer.dilation[dimension] * (layer.kernel_size[dimension] - 1) : 0;
        return [whole / 2, whole - (whole / 2)];
    }

    private static (long, long) Pair(long[] sizes) => (sizes[0], sizes[1]);

    private static string Sizes(long[] sizes) => string.Join("x", sizes);
}
