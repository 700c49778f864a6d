using System.Globalization;
using System.Text.RegularExpressions;
using ResLora.Tensors.Safetensors;

namespace ResLora.Models.Diffusion.SingleFile;

/// <summary>
/// Where the tensors of an original Stable Diffusion checkpoint (one file for the whole pipeline) go in diffusers' layout, counted from how
/// many blocks the networks have.
/// </summary>
/// <param name="unetLayers">The ResNets in a level of the UNet's way down, <c>layers_per_block</c>; at least 1.</param>
/// <param name="autoencoderLevels">The levels of the autoencoder; at least 1.</param>
/// <param name="textLayers">The layers of the text encoder; at least 1.</param>
public sealed partial class SingleFileLayout(int unetLayers, int autoencoderLevels, int textLayers)
{
    /// <summary>What the names of averaged weights begin with.</summary>
    public const string AveragedPrefix = "model_ema.";

    private const string UNetPrefix = "model.diffusion_model.";
    private const string AutoencoderPrefix = "first_stage_model.";

    // The noise schedule, which is the scheduler's in diffusers' layout, and what training alone reads.
    private static readonly string[] _besides =
    [
        "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
        "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod", "posterior_variance",
        "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2", "lvlb_weights", "logvar", "scale_factor",
    ];

    /// <summary>The layout for networks, which are counted by the names of their tensors.</summary>
    /// <param name="unet">The names in the UNet.</param>
    /// <param name="autoencoder">The names in the autoencoder.</param>
    /// <param name="textEncoder">The names in the text encoder.</param>
    /// <returns>The layout.</returns>
    public static SingleFileLayout Of(IEnumerable<string> unet, IEnumerable<string> autoencoder, IEnumerable<string> textEncoder) =>
        new(Count(UNetLayer(), unet), Count(AutoencoderLevel(), autoencoder), Count(TextLayer(), textEncoder));

    /// <summary>Where a tensor goes.</summary>
    /// <param name="name">The name in the file.</param>
    /// <returns>Its places; none for what is left out, null for a name that no rule knows.</returns>
    public IReadOnlyList<OriginalTarget>? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Behind(name, UNetPrefix) is { } unet)
        {
            return OriginalNames.Unet(unet, unetLayers) is { } own ? [new(PipelineParts.UNet, own)] : null;
        }

        if (Behind(name, AutoencoderPrefix) is { } autoencoder)
        {
            // The judge of the autoencoder's pictures, which its training left in some files.
            return autoencoder.StartsWith("loss.", StringComparison.Ordinal) ? []
                : OriginalNames.Autoencoder(autoencoder, autoencoderLevels) is { } own ? [new(PipelineParts.Autoencoder, own)] : null;
        }

        if (Behind(name, OriginalTextNames.HuggingFacePrefix) is { } huggingFace)
        {
            return Text(OriginalTextNames.HuggingFace(huggingFace));
        }

        if (Behind(name, OriginalTextNames.OpenClipPrefix) is { } openClip)
        {
            return Text(OriginalTextNames.OpenClip(openClip, textLayers));
        }

        return _besides.Contains(name) || name.StartsWith(AveragedPrefix, StringComparison.Ordinal) ? [] : null;
    }

    /// <summary>The name of the averaged weights beside a tensor of the UNet: without <c>model.</c> in front, and without dots.</summary>
    /// <param name="name">The name in the file, as <c>model.diffusion_model.out.2.bias</c>.</param>
    /// <returns>As <c>model_ema.diffusion_modelout2bias</c>; null for a tensor of another part, of which there is no average.</returns>
    public static string? Averaged(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith(UNetPrefix, StringComparison.Ordinal)
            ? AveragedPrefix + name["model.".Length..].Replace(".", "", StringComparison.Ordinal)
            : null;
    }

    private static IReadOnlyList<OriginalTarget>? Text(IReadOnlyList<(string Name, SourcePart Part)>? places) =>
        places is null ? null : [.. places.Select(place => new OriginalTarget(PipelineParts.TextEncoder, place.Name, place.Part))];

    private static string? Behind(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : null;

    private static int Count(Regex counted, IEnumerable<string> names) => names
        .Select(name => counted.Match(name))
        .Where(match => match.Success)
        .Select(match => int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) + 1)
        .DefaultIfEmpty(1)
        .Max();

    [GeneratedRegex(@"^down_blocks\.0\.resnets\.(\d{1,6})\.")]
    private static partial Regex UNetLayer();

    [GeneratedRegex(@"^encoder\.down_blocks\.(\d{1,6})\.")]
    private static partial Regex AutoencoderLevel();

    [GeneratedRegex(@"^text_model\.encoder\.layers\.(\d{1,6})\.")]
    private static partial Regex TextLayer();
}
