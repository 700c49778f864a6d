using Microsoft.AspNetCore.Http;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using ResLora.Hub;
using Xunit;

namespace ResLora.Tests.Hub;

/// <summary>What transfers do when they break, and what is checked of what came.</summary>
public sealed class TransferTests : IDisposable
{
    private const string Weights = "model.safetensors";
    private const int Large = 3_000_000;

    private readonly HubWorld _world = new();

    public TransferTests() => _world.Model.With(Weights, HubWorld.Bytes(Large, 7));

    private string Partial => _world.Blob(Weights) + ".reslora.incomplete";

    [Fact]
    public void Get_ATransferThatBreaksOften_GoesOnFromWhereItBroke()
    {
        BreakContents(after: 400_000, times: 4);

        var snapshot = _world.Get();

        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
        var asked = _world.Server.Requests.Where(request => request.IsContents).ToArray();
        Assert.Equal(5, asked.Length);
        Assert.Null(asked[0].Range);
        Assert.All(asked[1..], request => Assert.Matches(@"^bytes=[1-9]\d*-2999999$", request.Range));
        Assert.All(asked[1..], request => Assert.Equal("\"first\"", request.IfRange));
        Assert.True(snapshot.DownloadedBytes <= snapshot.Bytes);
    }

    [Fact]
    public void Get_AfterABrokenAttempt_TakesTheRestAlone()
    {
        BreakContents(after: 1_000_000, times: int.MaxValue);
        Assert.Throws<HubUnavailableException>(() => _world.Get());
        var left = new FileInfo(Partial).Length;
        var isHidden = !Directory.Exists(Path.Combine(_world.ModelFolder, "snapshots"));
        _world.Server.Instead = _ => Task.FromResult(false);

        var snapshot = _world.Get();

        Assert.InRange(left, 1, Large - 1);
        Assert.True(isHidden);
        Assert.InRange(snapshot.DownloadedBytes, 1, Large - left + 1);
        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
        Assert.DoesNotContain(_world.CacheFiles(), file => file.Contains("reslora", StringComparison.Ordinal));
    }

    [Fact]
    public void Get_WhatChangedBetweenTwoAttempts_BeginsAgain()
    {
        BreakContents(after: 1_000_000, times: int.MaxValue);
        Assert.Throws<HubUnavailableException>(() => _world.Get());
        _world.Server.Instead = _ => Task.FromResult(false);
        _world.Server.Mark = "\"second\"";

        var snapshot = _world.Get();

        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
        Assert.True(snapshot.DownloadedBytes >= Large);
    }

    [Fact]
    public void Get_FromAServerWithoutRanges_BeginsAgain()
    {
        _world.Server.HasRanges = false;
        BreakContents(after: 400_000, times: 1);

        var snapshot = _world.Get();

        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
    }

    [Fact]
    public void Get_FromAServerWithoutRangesThatAlwaysBreaks_Ends()
    {
        _world.Server.HasRanges = false;
        BreakContents(after: 400_000, times: int.MaxValue);

        var error = Assert.Throws<HubUnavailableException>(() => _world.Get());

        Assert.Contains("cannot go on from there", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_ALargeFile_ComesInParts()
    {
        _world.Settings = _world.Settings with { PartBytes = 500_000 };

        var snapshot = _world.Get();

        var ranges = _world.Server.Requests.Where(request => request.IsContents).Select(request => request.Range).Order(StringComparer.Ordinal);
        Assert.Equal(
            Enumerable.Range(0, 6).Select(part => $"bytes={part * 500_000}-{((part + 1) * 500_000) - 1}").Order(StringComparer.Ordinal), ranges);
        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
    }

    [Fact]
    public void Get_ALargeFileFromAServerWithoutRanges_ComesWhole()
    {
        _world.Settings = _world.Settings with { PartBytes = 500_000 };
        _world.Server.HasRanges = false;

        var snapshot = _world.Get();

        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
        Assert.Equal(2, _world.Server.Requests.Count(request => request.IsContents));
    }

    [Fact]
    public void Get_PartsOfWhichOneBreaks_KeepsTheOthers()
    {
        _world.Settings = _world.Settings with { PartBytes = 500_000 };
        _world.Server.Instead = async context => IsContents(context) && context.Request.Headers.Range == "bytes=1000000-1499999"
            && await Refused(context, 503);
        Assert.Throws<HubUnavailableException>(() => _world.Get());
        _world.Server.Instead = _ => Task.FromResult(false);

        var snapshot = _world.Get();

        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
        Assert.InRange(snapshot.DownloadedBytes, 500_000, Large - 500_000);
    }

    [Theory]
    [InlineData(Weights)]
    [InlineData("config.json")]
    public void Get_AContentOfAnotherChecksum_IsRefusedAndNotKept(string path)
    {
        _world.Model.Lies[path] = new string('e', _world.Model.IsLarge(path) ? 64 : 40);

        var error = Assert.Throws<FileFormatException>(() => _world.Get());

        Assert.Contains($"'{path}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("another checksum", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_world.CacheFiles(), file => file.EndsWith(new string('e', 40), StringComparison.Ordinal) || file.StartsWith("snapshots", StringComparison.Ordinal));
    }

    [Fact]
    public void Get_APartThatIsDamagedOnTheDisk_ComesAnew()
    {
        BreakContents(after: 1_500_000, times: int.MaxValue);
        Assert.Throws<HubUnavailableException>(() => _world.Get());
        _world.Server.Instead = _ => Task.FromResult(false);
        using (var file = new FileStream(Partial, FileMode.Open))
        {
            file.Write(new byte[1000]);
        }

        var snapshot = _world.Get();

        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("\n0000000000003000000\n0000000000009999999\n")]
    [InlineData("\n0000000000000000001\n")]
    [InlineData("\n-1\n-1\n")]
    public void Get_ANoteOnPartsThatCannotBeRight_IsLeftAside(string note)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Partial)!);
        File.WriteAllBytes(Partial, HubWorld.Bytes(1000, 1));
        File.WriteAllText(_world.Blob(Weights) + ".reslora.parts", note);

        var snapshot = _world.Get();

        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
        Assert.Equal(snapshot.Bytes, snapshot.DownloadedBytes);
    }

    [Fact]
    public void Get_AnAnswerOfAnotherSize_IsRefused()
    {
        _world.Server.Instead = async context =>
        {
            if (!IsContents(context))
            {
                return false;
            }

            await context.Response.Body.WriteAsync(new byte[10]);
            return true;
        };

        var error = Assert.Throws<HubUnavailableException>(() => _world.Get());

        Assert.Contains(Weights, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_world.Blob(Weights)));
    }

    [Fact]
    public void Get_ATransferThatStalls_GoesOn()
    {
        var stalled = false;
        _world.Settings = _world.Settings with { Patience = TimeSpan.FromMilliseconds(300) };
        _world.Server.Instead = async context =>
        {
            if (!IsContents(context) || stalled)
            {
                return false;
            }

            stalled = true;
            context.Response.ContentLength = Large;
            await context.Response.Body.WriteAsync(_world.Model[Weights].AsMemory(0, 100_000));
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };

        var snapshot = _world.Get();

        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(snapshot.Place, Weights)));
        Assert.Contains(_world.Server.Requests, request => request.Range == $"bytes=100000-{Large - 1}");
    }

    [Fact]
    public void Get_AnEmptyFile_IsHere()
    {
        _world.Model.With("merges.txt", "");

        var snapshot = _world.Get();

        Assert.Empty(File.ReadAllBytes(Path.Combine(snapshot.Place, "merges.txt")));
    }

    [Fact]
    public async Task Get_ByTwoAtOnce_DownloadsOnce()
    {
        var both = await Task.WhenAll(Task.Run(() => _world.Get()), Task.Run(() => _world.Get()));

        Assert.Equal(both[0].Place, both[1].Place);
        Assert.Single(_world.Server.Requests, request => request.IsContents);
    }

    [Fact]
    public void Get_ABlobThatWasCutShort_ComesAnew()
    {
        var place = _world.Get().Place;
        File.WriteAllBytes(_world.Blob(Weights), new byte[10]);

        _world.Get();

        Assert.Equal(_world.Model[Weights], File.ReadAllBytes(Path.Combine(place, Weights)));
    }

    [Fact]
    public void Get_Stopped_KeepsWhatCame()
    {
        using var stop = new CancellationTokenSource();
        _world.Server.Instead = async context =>
        {
            if (!IsContents(context))
            {
                return false;
            }

            context.Response.ContentLength = Large;
            await context.Response.Body.WriteAsync(_world.Model[Weights].AsMemory(0, 200_000));
            await context.Response.Body.FlushAsync();
            while (!File.Exists(Partial) || new FileInfo(Partial).Length < 200_000)
            {
                await Task.Delay(10);
            }

            await stop.CancelAsync();
            return true;
        };
        using (var client = new HubClient(_world.Settings, stop: stop.Token))
        {
            Assert.ThrowsAny<OperationCanceledException>(() => client.Get(HubKind.Model, HubReference.Parse(HubWorld.ModelId)));
        }

        _world.Server.Instead = _ => Task.FromResult(false);
        _world.Get();

        Assert.Contains(_world.Server.Requests, request => request.Range == $"bytes=200000-{Large - 1}");
    }

    public void Dispose() => _world.Dispose();

    private static bool IsContents(HttpContext context) => context.Request.Path.StartsWithSegments("/contents", StringComparison.Ordinal);

    private static async Task<bool> Refused(HttpContext context, int status)
    {
        await HubServer.Refuse(context, status);
        return true;
    }

    /// <summary>Has contents break off after so many bytes of each answer.</summary>
    private void BreakContents(int after, int times)
    {
        var broken = 0;
        _world.Server.Instead = async context =>
        {
            if (!IsContents(context) || broken++ >= times)
            {
                return false;
            }

            var from = _world.Server.HasRanges ? (int)(context.Request.GetTypedHeaders().Range?.Ranges.Single().From ?? 0) : 0;
            if (from > 0)
            {
                context.Response.StatusCode = 206;
                context.Response.Headers.ContentRange = $"bytes {from}-{Large - 1}/{Large}";
            }

            context.Response.Headers.ETag = _world.Server.Mark;
            context.Response.ContentLength = Large - from;
            await context.Response.Body.WriteAsync(_world.Model[Weights].AsMemory(from, Math.Min(after, Large - from - 1)));
            await context.Response.Body.FlushAsync();
            context.Abort();
            return true;
        };
    }
}
