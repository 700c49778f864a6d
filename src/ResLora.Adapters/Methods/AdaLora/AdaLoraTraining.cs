using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.AdaLora;

/// <summary>
/// AdaLoRA in training: a penalty holds P and Q near to orthogonal matrices, and behind steps of the schedule the least important triplets
/// of all blocks lose their singular values. As long as the budget falls they may come back.
/// </summary>
/// <remarks>arXiv:2303.10512, algorithm 1; order and details as PEFT's RankAllocator has them.</remarks>
internal sealed class AdaLoraTraining : MethodTraining
{
    private readonly AdaLoraBlock[] _blocks;
    private readonly AdaLoraConfig _config;
    private readonly AdaLoraSchedule _schedule;
    private readonly (FactorImportance Q, FactorImportance P, FactorImportance Values) _importance;
    private readonly Tensor _kept;   // [N, R], 1 for entries that the last division kept

    public AdaLoraTraining(AdaptedModel adapted, AdaLoraConfig config, AdaLoraSchedule schedule)
    {
        (_blocks, _config, _schedule) = ([.. adapted.Blocks.Cast<AdaLoraBlock>()], config, schedule);
        _importance = (
            new FactorImportance(AdaLoraBlock.DownName, [.. _blocks.Select(block => block.A)]),
            new FactorImportance(AdaLoraBlock.UpName, [.. _blocks.Select(block => block.B)]),
            new FactorImportance(AdaLoraBlock.ValuesName, [.. _blocks.Select(block => block.E)]));
        using var scope = NewDisposeScope();
        var rank = adapted.Config.Rank;
        var kept = _blocks.SelectMany(block => block.Kept ?? Enumerable.Repeat(true, rank)).Select(one => one ? 1f : 0f).ToArray();
        _kept = tensor(kept, device: _blocks[0].E.device).reshape(_blocks.Length, rank).DetachFromDisposeScope();
        foreach (var block in _blocks)
        {
            block.Schedule = schedule;
        }
    }

    public override IEnumerable<KeyValuePair<string, Tensor>> State =>
    [
        .. _importance.Q.State, .. _importance.P.State, .. _importance.Values.State,
        KeyValuePair.Create("kept", _kept),
    ];

    public override Tensor? Penalty() => _config.OrthogonalWeight == 0
        ? null
        : AdaLoraMath.OrthogonalPenalty(
            [.. _blocks.Select(block => block.A)], [.. _blocks.Select(block => block.B)]) * _config.OrthogonalWeight;

    public override void EndStep(int step)
    {
        using var noGradient = no_grad();
        var number = step + 1;
        if (_schedule.Measures(number))
        {
            _importance.Q.Measure(_config);
            _importance.P.Measure(_config);
            _importance.Values.Measure(_config);
        }

        if (_schedule.Divides(number))
        {
            Divide(number);
        }

        if (_schedule.Divides(number) || number > _schedule.Last)
        {
            Mask();
        }
    }

    public override void Restored()
    {
        var kept = _kept.cpu().data<float>().Select(value => value != 0).ToArray();
        var rank = kept.Length / _blocks.Length;
        var pruned = kept.Contains(false);
        for (var n = 0; n < _blocks.Length; n++)
        {
            _blocks[n].Kept = pruned ? kept[(n * rank)..((n + 1) * rank)] : null;
        }
    }

    public override void Dispose()
    {
        _importance.Q.Dispose();
        _importance.P.Dispose();
        _importance.Values.Dispose();
        _kept.Dispose();
        base.Dispose();
    }

    private void Divide(int number)
    {
        using var scope = NewDisposeScope();
        var all = (int)_kept.numel();
        var target = _config.TargetOf(all / _blocks.Length) * _blocks.Length;
        var importance = AdaLoraMath.Importance(_importance.Values.PerTriplet(2), _importance.Q.PerTriplet(2), _importance.P.PerTriplet(1));
        _kept.copy_(AdaLoraMath.Keep(importance, _schedule.Budget(number, all, target)));
        Restored();
    }

    private void Mask()
    {
        using var scope = NewDisposeScope();
        for (var n = 0; n < _blocks.Length; n++)
        {
            _blocks[n].E.masked_fill_(_kept[n].unsqueeze(1).eq(0), 0);   // [R, 1]
        }
    }
}
