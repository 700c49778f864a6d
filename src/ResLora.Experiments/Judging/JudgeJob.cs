using ResLora.Experiments.Configuration;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Experiments.Judging;

/// <summary>
/// Has a model that labels pictures say what a set of pictures looks like: how many get each label, and how far its features of them are
/// from those of real pictures.
/// </summary>
public static class JudgeJob
{
    private const int Draws = 20;

    /// <summary>Runs the job.</summary>
    /// <param name="options">The model and the pictures.</param>
    /// <param name="stop">Ends the job between two batches.</param>
    /// <returns>The report.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used, or the model does not label pictures.</exception>
    /// <exception cref="NotFiniteException">A score is no number.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static JudgeReport Run(JudgeOptions options, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ConfigBinder.ThrowIfAny("The judge's settings", [.. options.Problems()]);
        using var session = ModelSession.Load(options.Model, options.Adapter, ScalarType.Float32, ComputeDevice.Current);
        if (session.Model is not ImageModel { Head.Labels.Count: > 0 } model)
        {
            throw new ConfigException($"{options.Model}: this model does not label pictures; take a ViT with labels.");
        }

        using var scope = NewDisposeScope();
        var (features, labels) = Seen(model, session, options.Data, options.BatchSize, stop);
        var shares = model.Head.Labels.Select((label, i) => LabelShare.Of(label, labels.Count(seen => seen == i), labels.Count));
        var distance = options.Against is { } real
            ? Distance(features, Seen(model, session, real, options.BatchSize, stop).Features, options)
            : null;
        return new JudgeReport(labels.Count, [.. shares], distance);
    }

    private static (Tensor Features, List<int> Labels) Seen(
        ImageModel model, ModelSession session, string data, int batchSize, CancellationToken stop)
    {
        var inputs = WorkloadRegistry.Of(model, session.ModelFolder).Inputs(
            new PredictionSource(null, data, ColumnMap.Default), session, []);
        model.eval();
        using var noGradient = no_grad();
        var (features, labels) = (new List<Tensor>(), new List<int>());
        foreach (var group in inputs.Examples.Chunk(batchSize))
        {
            stop.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            using var batch = (PictureBatch)inputs.Objective.Collate([.. group.Select(one => one.Example)]);
            var hidden = model.Hidden(batch.Pixels);   // [B, C, Y, X] -> [B, T, D]
            var scores = model.Logits(hidden).cpu();   // [B, T, D] -> [B, N]
            NotFiniteException.ThrowIfAny(model, scores.data<float>().Select(score => (double)score));
            labels.AddRange(scores.argmax(1).data<long>().Select(label => (int)label));
            features.Add(hidden.select(1, 0).cpu().MoveToOuterDisposeScope());   // the token of the whole: [B, D]
        }

        return labels.Count > 0
            ? (cat(features, 0), labels)
            : throw new ConfigException($"{data}: there is no picture.");
    }

    private static PictureDistance Distance(Tensor pictures, Tensor real, JudgeOptions options)
    {
        var (count, all) = ((int)pictures.shape[0], (int)real.shape[0]);
        var drawn = Math.Min(count, all / 2);
        if (drawn < FrechetDistance.FewestRows)
        {
            throw new ConfigException(
                $"A distance needs at least {FrechetDistance.FewestRows} pictures and {2 * FrechetDistance.FewestRows} real ones; "
                + $"{options.Data} has {count} and {options.Against} {all}.");
        }

        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)options.Seed, CPU);
        double[] floors =
        [
            .. Enumerable.Range(0, Draws).Select(_ =>
            {
                using var inner = NewDisposeScope();
                var order = randperm(all, dtype: int64, generator: generator);
                return FrechetDistance.Between(real[order[..drawn]], real[order[drawn..]]);
            }),
        ];
        return new PictureDistance(all, FrechetDistance.Between(pictures, real), drawn, floors.Average(), floors.Min(), floors.Max());
    }
}
