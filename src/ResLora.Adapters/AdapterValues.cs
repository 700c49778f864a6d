using ResLora.Formats.Errors;
using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>Reads the values of an adapter folder into blocks that are in their places.</summary>
internal static class AdapterValues
{
    /// <summary>Reads them.</summary>
    /// <param name="adapted">The adapted model, made from the same contents.</param>
    /// <param name="contents">What the folder is to this model.</param>
    /// <param name="file">The tensor file.</param>
    /// <exception cref="FileFormatException">Tensors are missing, left over or of another shape; all are named.</exception>
    /// <exception cref="ConfigException">A base weight is not that of the model.</exception>
    public static void Read(AdaptedModel adapted, AdapterContents contents, ITensorFile file)
    {
        var parameters = adapted.Model.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter, StringComparer.Ordinal);
        var wanted =
            adapted.TrainableParameters().Select(p => KeyValuePair.Create(p.Key, (Tensor)p.Value)).Concat(adapted.Shared)
                .ToDictionary(p => contents.TensorOf(p.Key), p => p.Value, StringComparer.Ordinal);
        var rows = contents.Tokens
            .ToDictionary(
                t => contents.TensorOf(t.Module), t => (Tokens: t, Target: parameters[$"{t.Module}.weight"]), StringComparer.Ordinal);
        var copies = contents.Copies.ToDictionary(contents.TensorOf, name => parameters[name], StringComparer.Ordinal);
        var factors = adapted.Blocks
            .SelectMany(block => block.Factors.Select(factor =>
                (Name: contents.TensorOf($"{block.ModuleName}.{factor.Key}"), Block: block, factor.Key, Shape: factor.Value.shape)))
            .ToArray();
        var parts = factors
            .Select(factor => (factor.Name, Part: factor.Block.StoredPart(factor.Key)))
            .Where(factor => factor.Part is not null)
            .ToDictionary(factor => factor.Name, factor => factor.Part!, StringComparer.Ordinal);
        var wholes = contents.CutFrom is { } rank
            ? factors.ToDictionary(factor =>
                factor.Name, factor =>
                    Whole(factor.Shape, factor.Key == factor.Block.Site.NameOfB ? 1 : 0, rank), StringComparer.Ordinal)
            : [];
        long[] Wanted(string name, long[] shape) =>
            parts.GetValueOrDefault(name)?.ShapeOf(shape) ?? wholes.GetValueOrDefault(name) ?? shape;
        long[] Stored(string name, long[] shape) =>
            Wanted(name, shape) is var whole && contents.IgnoresSidesOfOne && IsSame(file, name, whole) is { } other ? other : whole;
        var shapes = wanted.Concat(copies)
            .Select(w => (Name: w.Key, Shape: Stored(w.Key, w.Value.shape)))
            .Concat(rows.Select(r => (Name: r.Key, Shape: new[] { r.Value.Tokens.Ids.Count, r.Value.Target.shape[1] })))
            .ToDictionary(w => w.Name, w => w.Shape, StringComparer.Ordinal);
        RequireFit(contents, file, shapes, rows.Values);

        using var noGradient = no_grad();
        foreach (var (name, weight) in copies)
        {
            RequireSame(file, name, weight);
        }

        foreach (var (name, target) in wanted)
        {
            using var scope = NewDisposeScope();
            var stored = file.Read(name);
            for (var dimension = 0; wholes.ContainsKey(name) && dimension < target.dim(); dimension++)
            {
                stored = stored.narrow(dimension, 0, target.shape[dimension]);   // [R, …] -> [b, …]
            }

            if (parts.GetValueOrDefault(name) is { } part)
            {
                part.Put(stored.to(target.dtype).to(target.device), target);
            }
            else
            {
                target.copy_(contents.IgnoresSidesOfOne ? stored.reshape(target.shape) : stored);
            }
        }

        foreach (var (name, (tokens, target)) in rows)
        {
            using var scope = NewDisposeScope();
            var ids = tensor(tokens.Ids.ToArray(), device: target.device);                           // [N]
            target.index_copy_(0, ids, file.Read(name).to(target.dtype).to(target.device));        // [N, D] into [V, D]
        }
    }

    /// <summary>The shape that is stored, where it is the wanted one but for dimensions of size 1.</summary>
    private static long[]? IsSame(ITensorFile file, string name, long[] shape) =>
        file.Tensors.TryGetValue(name, out var entry) && entry.Shape.Where(side => side != 1).SequenceEqual(
            shape.Where(side => side != 1)) ? [.. entry.Shape] : null;

    private static void RequireFit(
        AdapterContents contents,
        ITensorFile file,
        Dictionary<string, long[]> shapes,
        IEnumerable<(TrainedTokens Tokens, Tensor Target)> rows)
    {
        var problems = shapes
            .Where(w => !file.Tensors.TryGetValue(w.Key, out var entry) || !entry.Shape.SequenceEqual(w.Value))
            .Select(w => file.Tensors.TryGetValue(w.Key, out var entry)
                ? $"'{w.Key}' is [{string.Join(", ", entry.Shape)}], the model needs [{string.Join(", ", w.Value)}]"
                : $"'{w.Key}' is missing")
            .Concat(file.Tensors.Keys.Except(contents.Unused)
                .Where(k => !shapes.ContainsKey(k) && !ResLoraFolder.IsStatistic(k))
                .Select(k => $"'{k}' belongs to no block"))
            .Concat(rows.SelectMany(r => r.Tokens.Ids
                .Where(id => id < 0 || id >= r.Target.shape[0])
                .Select(id => $"token {id} is none of the {r.Target.shape[0]} of '{r.Tokens.Module}'")))
            .ToArray();
        if (problems.Length > 0)
        {
            throw new FileFormatException(
                $"{file.Path}: the adapter does not fit this model ({problems.Length} tensors): " +
                $"{string.Join("; ", problems.Take(6))}.{AddedTokens(shapes, file)}");
        }
    }

    /// <summary>The shape of a factor before it was cut: A has its rank in rows, B in columns.</summary>
    private static long[] Whole(long[] shape, int ranked, int rank) =>
        [.. shape.Select((size, dimension) => dimension == ranked ? rank : size)];

    /// <summary>What to do where nothing but the number of an embedding's rows is another.</summary>
    private static string AddedTokens(Dictionary<string, long[]> shapes, ITensorFile file) =>
        shapes.Any(w => w.Key.EndsWith(".embed_tokens.weight", StringComparison.Ordinal)
            && file.Tensors.TryGetValue(w.Key, out var entry)
            && entry.Shape.Count == 2 && entry.Shape[1] == w.Value[1] && entry.Shape[0] != w.Value[0])
            ? " Tokens were added before it was trained; add them to the model too (resize_token_embeddings and save_pretrained in Python) " +
                "and use that model."
            : "";

    private static void RequireSame(ITensorFile file, string name, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var stored = file.Read(name).to(weight.device);
        // The file may hold more or fewer bits than the model computes with.
        if (!stored.to(weight.dtype).equal(weight).all().item<bool>() && !stored.equal(weight.to(stored.dtype)).all().item<bool>())
        {
            throw new ConfigException(
                $"{file.Path}: '{name}' is another weight than the model's, so that the adapter belongs to another model, " +
                "or to this one with a changed head; merge it in Python (PeftModel.merge_and_unload, then save_pretrained) and use that model.");
        }
    }
}
